"""Plans that were saved, held against what is there by the time that they are applied."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.api.plannings import Planning, insist_applyable
from reconciler.core.references import PluginUse
from reconciler.engine import observing
from reconciler.engine.observing import Reads
from reconciler.errors import ConfigError, StalePlan

if TYPE_CHECKING:
    from reconciler.api.connections import Credentials
    from reconciler.core.plans import Plan


class Checking(Planning):
    """What an opened project says of a saved plan."""

    def check(self, plan: Plan) -> None:
        """Check that a saved plan still holds. StalePlan names everything that moved."""
        from reconciler.api import observations
        from reconciler.engine import applying, checking

        insist_applyable(plan)
        self._open_plan(plan)
        clusters = {unit.cluster for unit in plan.units}
        services = [unit for unit in plan.units if unit.kind != "task_definition"]
        families = [unit for unit in plan.units if unit.kind == "task_definition"]
        name = services[0].name.split("/", 1)[1] if services else ""
        reads = Reads(self.gateway, self._pool, next(iter(clusters), ""), name)
        reads.start()
        answers = self._files.lookup([entry.address for entry in plan.inputs if not entry.ambient])
        express = any(unit.kind == "express_service" for unit in services)
        observed = reads.observe(families[0].name if families else "", express=express)
        if express:
            observed = replace(observed, express=observing.express(self.gateway, observed.service))
        elif services:
            observed = observations.again(observed, self.gateway, services[0], self._kinds().service)
        now = checking.Now(observed.account, observed.region, self.project.digest, observed, answers)
        checking.check(
            plan,
            now,
            self._kinds(),
            lambda body, unit: applying.filled(body, unit, self._files.reveal, self._vault(plan)),
        )

    def _open_plan(self, plan: Plan) -> None:
        """Open the resolvers that a plan used, without evaluating any file. StalePlan where it belongs elsewhere."""
        moved = []
        if plan.project.digest != self.project.digest:
            moved.append(f"the project file {plan.project.file} is another one, or has changed")
        regions = {unit.region for unit in plan.units}
        here = self._region_here(plan)
        if here and regions and {here} != regions:
            moved.append(f"the region is {here}, the plan is for {', '.join(sorted(regions))}")
        if moved:
            raise StalePlan(
                "the plan is not for what is asked for here; nothing was changed",
                hint="make a new plan",
                moved=tuple(moved),
            )
        uses = [
            PluginUse(o.name, o.config, o.func_prefix, root=self.project.root / o.root if o.root else None)
            for o in plan.project.opened
        ]
        self._files.open_as(uses, next(iter(regions), None), _credentials(plan))

    def _region_here(self, plan: Plan) -> str:
        """Give the region that a plan made here and now would be for, empty where nothing but the plan says it."""
        if self._gateway is not None:
            return self._gateway.region
        if self._region or plan.project.region:
            return self._region or ""
        with suppress(ConfigError):  # no region is set: the plan's own is the only one
            return self._ambient.other(_credentials(plan)).aws(None).region
        return ""


def _credentials(plan: Plan) -> Credentials:
    return plan.project.profile or None, plan.project.assume_role_arn or None
