"""Rollouts of an opened project: watched, explained, undone and let go on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.api.openings import Emit, Opening, drain
from reconciler.core.values import JsonObject

if TYPE_CHECKING:
    from reconciler.core.causes import Diagnosis
    from reconciler.core.outcomes import Outcome
    from reconciler.engine.applying import Manner
    from reconciler.engine.ways import Undoing, Wish


class Rollouts(Opening):
    """What an opened project says of its service's rollouts."""

    def wait(
        self, *, emit: Emit | None = None, until: str = "deployed", timeout: float | None = None
    ) -> Outcome:
        """Watch the rollout that is running now until it ends; without one, give an outcome that is `idle` at once."""
        from reconciler.core.outcomes import Ending, Outcome
        from reconciler.engine import attaching, shifting, watching

        settings = self.settings
        service = self._named_service()
        started = self.clock.now()
        current = watching.current(self.gateway, settings.cluster, service)
        target = shifting.resumed(
            self.gateway,
            self.clock,
            settings.codedeploy,
            current,
            cluster=settings.cluster,
            service=service,
            until=until,
            timeout=settings.timeout if timeout is None else timeout,
        )
        if target is None:
            revision = str(current.body.get("taskDefinition", ""))
            return Outcome(
                ending=Ending.SUCCEEDED, reason="the service is stable", revision=revision, idle=True
            )
        with attaching.attached():
            watched = drain(shifting.follow(self.gateway, self.clock, target), emit)
        shown = watched.service.body if watched.service else {}
        return Outcome(
            ending=watched.ending,
            reason=watched.reason,
            revision=str(shown.get("taskDefinition", "")),
            seconds=self.clock.now() - started,
            deployment="" if watched.ending is Ending.SUCCEEDED else target.deployment,
        )

    def undoing(self, wish: Wish | None = None) -> Undoing:
        """Say how `rollback` would go back, without sending anything. PlanError where there is nothing to go back to.

        `engine.ways.describe` puts it into words.
        """
        from reconciler.engine import undoing, ways

        wish = replace(wish or ways.Wish(), codedeploy=self.settings.codedeploy)
        named = (self.settings.cluster, self._named_service())
        facts = undoing.read(self.gateway, *named, wish, self._group)
        return undoing.decide(facts, wish)

    def rollback(
        self,
        undoing: Undoing | None = None,
        *,
        emit: Emit | None = None,
        wait: bool = True,
        until: str = "deployed",
        timeout: float | None = None,
    ) -> Outcome:
        """Go back, as `undoing` says; to what completed before, where not given. The outcome of having gone back is a
        success. PlanError, ApplyError, Interrupted.
        """
        from reconciler.engine import reverting

        way = undoing if undoing is not None else self.undoing()
        manner = self._manner(wait=wait, until=until, timeout=timeout)
        return drain(reverting.undo(self.gateway, self.clock, way, manner), emit)

    def resume(
        self,
        hook: str = "",
        *,
        rollback: bool = False,
        emit: Emit | None = None,
        wait: bool = True,
        until: str = "deployed",
        timeout: float | None = None,
    ) -> Outcome:
        """Let the rollout go on that a PAUSE hook holds (the one with this id, where several do), or have it go back.

        PlanError where none is paused; ApplyError, Interrupted.
        """
        from reconciler.engine import reverting

        paused = reverting.paused(self.gateway, self.settings.cluster, self._named_service(), hook)
        manner = self._manner(wait=wait, until=until, timeout=timeout)
        answering = reverting.answer(self.gateway, self.clock, paused, manner, rollback=rollback)
        return drain(answering, emit)

    def _manner(self, *, wait: bool, until: str, timeout: float | None) -> Manner:
        from reconciler.engine.applying import Manner

        limit = self.settings.timeout if timeout is None else timeout
        return Manner(wait=wait, until=until, timeout=limit)

    def diagnose(self, deployment: str = "") -> Diagnosis:
        """Say why the service's rollout fails: that of a deployment (``ecs-svc/…``), else the one that failed last or
        runs now. What cannot be read is told in `unread`; of AWS's errors none is raised.
        """
        from reconciler.engine import diagnosing

        return diagnosing.diagnose(
            self.gateway,
            self.settings.cluster,
            self._named_service(),
            deployment=deployment,
            masker=self.masker,
        )

    def status(self, *, emit: Emit | None = None) -> JsonObject:
        """Describe the service as AWS shows it. ReconcilerError where it is not there.

        With `emit` a rollout that is under way is looked at too, and told as watching it would tell it first.
        """
        from reconciler.engine import shifting, watching

        cluster, service = self.settings.cluster, self._named_service()
        current = watching.current(self.gateway, cluster, service)
        if emit is not None:
            for event in shifting.look(self.gateway, self.clock, current, cluster, service):
                emit(event)
        return current.body
