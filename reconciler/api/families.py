"""Registered revisions of an opened project's task definition: listed, shown, deregistered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.api.openings import Emit, Opening, drain
from reconciler.core.values import JsonObject
from reconciler.engine.ports import Snapshot
from reconciler.errors import ConfigError, PlanError

if TYPE_CHECKING:
    from reconciler.engine.deregistering import Deregistering, Wish
    from reconciler.engine.families import Registered


class Families(Opening):
    """What an opened project says of its task definition's revisions."""

    def family(self) -> str:
        """Give the family: the file's, else that of what the service runs. ConfigError where neither names one."""
        from reconciler.api.plannings import family_in
        from reconciler.core.revisions import family_of

        settings = self.settings
        if settings.task_definition is not None:
            family = family_in(self.definitions(service=False).task_definition)
            if not family:
                where = settings.resolved.where(("task_definition",))
                raise ConfigError(f"{settings.task_definition} names no `family`", where)
            return family
        return family_of(self._running())

    def revisions(self) -> tuple[Registered, ...]:
        """List the ACTIVE revisions of the family, the oldest first, with what uses each."""
        from reconciler.engine import families

        settings = self.settings
        return families.registered(self.gateway, settings.cluster, settings.service or "", self.family())

    def revision(self, which: str) -> JsonObject:
        """Describe a revision as DescribeTaskDefinition does: a number, ``latest``, or ``current``, which the service
        runs. PlanError where it is not there.
        """
        if which == "current":
            name = self._running()
        else:
            name = self.family() if which == "latest" else f"{self.family()}:{which}"
        found = self.gateway.describe_task_definition(name)
        if not isinstance(found, Snapshot):
            raise PlanError(f"there is no revision {name}", hint="`reconciler revisions` lists what there is")
        return found.body

    def deregistering(self, wish: Wish) -> Deregistering:
        """Say what `deregister` would do, without sending anything. PlanError where the wish cannot be met.

        `engine.deregistering.describe` puts it into words.
        """
        from reconciler.engine import deregistering

        settings = self.settings
        return deregistering.decide(
            self.gateway, settings.cluster, settings.service or "", self.family(), wish
        )

    def deregister(self, plan: Deregistering, *, emit: Emit | None = None) -> None:
        """Deregister, and delete, as `deregistering` says. ApplyError, Interrupted."""
        from reconciler.engine import deregistering

        drain(deregistering.carry_out(self.gateway, plan), emit)

    def _running(self) -> str:
        """Give the ARN of the revision that the service runs. ReconcilerError where there is no service."""
        from reconciler.engine import watching

        current = watching.current(self.gateway, self.settings.cluster, self.named_service())
        return str(current.body.get("taskDefinition", ""))
