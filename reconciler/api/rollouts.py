"""Rollouts of an opened project: watched, explained, undone and let go on; and the end of its service."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.api.openings import Emit, Opening, drain
from reconciler.core import pointers
from reconciler.core.values import JsonObject
from reconciler.engine.ports import Snapshot
from reconciler.errors import AwsError, PlanError

if TYPE_CHECKING:
    from reconciler.core.causes import Diagnosis
    from reconciler.core.outcomes import Outcome
    from reconciler.engine.applying import Manner
    from reconciler.engine.deleting import Deletion
    from reconciler.engine.ways import Undoing, Wish


class Rollouts(Opening):
    """What an opened project says of its service's rollouts."""

    def wait(
        self,
        *,
        emit: Emit | None = None,
        until: str = "deployed",
        timeout: float | None = None,
        met: bool = False,
    ) -> Outcome:
        """Watch the rollout that is running now until it ends; without one, give an outcome that is `idle` at once.

        That is a success, but where one was `met` a moment ago: what has ended since counts as it ended.
        """
        from reconciler.core import rollouts
        from reconciler.core.outcomes import Ending, Outcome
        from reconciler.engine import attaching, shifting, watching

        settings = self.settings
        service = self.named_service()
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
            reason, ended = attaching.idle(self.gateway, current, settings.cluster, service)
            return Outcome(
                ending=ended if met else Ending.SUCCEEDED,
                reason=reason,
                revision=str(current.body.get("taskDefinition", "")),
                idle=True,
            )
        with attaching.attached():
            watched = drain(shifting.follow(self.gateway, self.clock, target), emit)
        first = rollouts.primary(current.body) or {}
        back = first.get("id") == target.deployment and rollouts.says_back(first)
        # By a deployment by which ECS goes back it is not told from which one.
        return watched.outcome("" if back else target.deployment, seconds=self.clock.now() - started)

    def undoing(self, wish: Wish | None = None) -> Undoing:
        """Say how `rollback` would go back, without sending anything. PlanError where there is nothing to go back to.

        `engine.ways.describe` puts it into words.
        """
        from reconciler.engine import undoing, ways

        wish = replace(wish or ways.Wish(), codedeploy=self.settings.codedeploy)
        named = (self.settings.cluster, self.named_service())
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

        paused = reverting.paused(self.gateway, self.settings.cluster, self.named_service(), hook)
        manner = self._manner(wait=wait, until=until, timeout=timeout)
        answering = reverting.answer(self.gateway, self.clock, paused, manner, rollback=rollback)
        return drain(answering, emit)

    def _manner(self, *, wait: bool, until: str, timeout: float | None) -> Manner:
        from reconciler.engine.applying import Manner

        limit = self.settings.timeout if timeout is None else timeout
        return Manner(wait=wait, until=until, timeout=limit)

    def deleting(self, *, terminate: bool = False) -> Deletion:
        """Say what `delete` would do, without sending anything. PlanError where AWS would refuse it.

        With `terminate` its tasks are stopped. `engine.deleting.describe` puts it into words.
        """
        from reconciler.engine import deleting, watching

        cluster, service = self.settings.cluster, self.named_service()
        current = watching.current(self.gateway, cluster, service)
        return deleting.decide(cluster, service, current.body, terminate=terminate)

    def delete(self, deletion: Deletion, *, emit: Emit | None = None) -> JsonObject:
        """Delete the service, as `deleting` says; give it as it is then. ApplyError, Interrupted."""
        from reconciler.engine import deleting

        return drain(deleting.delete(self.gateway, deletion), emit)

    def appspec(self, task_definition: str = "latest", *, update_service: bool = True) -> JsonObject:
        """Give the AppSpec of a CodeDeploy deployment, masked: of a revision (its ARN, ``latest`` of the family that
        runs, or ``current``), and of the service as its file says, or without `update_service` as it runs.

        PlanError where that revision is not there, or no container serves the traffic.
        """
        from reconciler.core import appspecs
        from reconciler.core.revisions import family_of
        from reconciler.engine import composing, watching

        cluster, service = self.settings.cluster, self.named_service()
        body = watching.current(self.gateway, cluster, service).body
        running = str(body.get("taskDefinition", ""))
        if task_definition != "current":
            named = family_of(running) if task_definition == "latest" else task_definition
            running = self._active(named)
        said = body
        if update_service and self.settings.service_definition is not None:
            resolved = self.definitions(task_definition=False).service
            assert resolved is not None
            said = composing.compose(self._kinds().service, resolved).canon.wire
        try:
            spec = appspecs.build(running, said, self.settings.codedeploy.hooks)
        except ValueError as error:
            raise PlanError(
                f"there is no AppSpec of {cluster}/{service}: {error}",
                hint="give the service `loadBalancers` with containerName and containerPort",
            ) from None
        return pointers.objects(self.masker.value(dict(spec), ours=True))

    def _active(self, name: str) -> str:
        """Give the ARN of a revision that can be deployed. PlanError where it is not there, or not ACTIVE."""
        found = self.gateway.describe_task_definition(name)
        inner = found.body.get("taskDefinition") if isinstance(found, Snapshot) else None
        status = inner.get("status") if isinstance(inner, dict) else "not there"
        if not isinstance(inner, dict) or status != "ACTIVE":
            raise PlanError(
                f"the revision {name} is {status}", hint="`reconciler revisions` lists what there is"
            )
        return str(inner.get("taskDefinitionArn"))

    def diagnose(self, deployment: str = "") -> Diagnosis:
        """Say why the service's rollout fails: that of a deployment (``ecs-svc/…``, ``d-…``), else the one that failed
        last or runs now. What cannot be read is told in `unread`; of AWS's errors none is raised.
        """
        from reconciler.engine import diagnosing

        return diagnosing.diagnose(
            self.gateway,
            self.settings.cluster,
            self.named_service(),
            deployment=deployment,
            masker=self.masker,
        )

    def status(self, *, emit: Emit | None = None) -> JsonObject:
        """Describe the service as AWS shows it. ReconcilerError where it is not there.

        What one in Express Mode is, its endpoints among it, is in the member ``expressGatewayService``, and what sets
        its number of tasks in ``scalableTarget`` (of Application Auto Scaling), as far as that may be read.
        With `emit` a rollout that is under way is looked at too, and told as watching it would tell it first.
        """
        from reconciler.core.events import Warned
        from reconciler.engine import observing, shifting, watching

        cluster, service = self.settings.cluster, self.named_service()
        current = watching.current(self.gateway, cluster, service)
        if emit is not None:
            for event in shifting.look(self.gateway, self.clock, current, cluster, service):
                emit(event)
        body = dict(current.body)
        express = observing.express(self.gateway, current)
        if isinstance(express, Snapshot):
            body["expressGatewayService"] = express.body
        try:
            target = self.gateway.describe_scaling(cluster, service)
        except AwsError as error:
            if emit is not None:
                hint = f" ({error.hint})" if error.hint else ""
                what = f"whether something scales the service is not known: {error.what}{hint}"
                emit(Warned(unit=f"service.{cluster}/{service}", what=what))
        else:
            if isinstance(target, Snapshot):
                body["scalableTarget"] = target.body
        return body
