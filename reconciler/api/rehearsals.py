"""The sandbox as the model that rehearses (`engine.ports.Rehearsal`)."""

from __future__ import annotations

import copy
from typing import Any

from reconciler.core.rehearsals import Case, Moment, Story
from reconciler.errors import PlanError


class SandboxRehearsal:
    """Plays cases through in the sandbox's scheduler, in this process."""

    def play(self, case: Case, /) -> Story:
        """Play a case through. PlanError where the sandbox refuses it."""
        from reconciler.sandbox import SandboxError, rehearsals

        request: dict[str, Any] = {**copy.deepcopy(dict(case.request))}
        if case.moves:
            request["taskDefinition"] = rehearsals.WANTED
        try:
            told = rehearsals.rehearse(
                cluster=case.cluster,
                service=None if case.service is None else dict(case.service),
                running=None if case.running is None else dict(case.running),
                wanted=dict(case.wanted),
                request=request,
                fails=case.fails,
            )
        except SandboxError as error:
            raise PlanError(
                f"the change cannot be rehearsed: {error}",
                hint="the model knows less than ECS; plan without --simulate",
            ) from error
        moments = tuple(Moment(each.at, each.text, each.tasks, each.healthy) for each in told.moments)
        return Story(moments, told.peak, told.lowest, told.desired, told.seconds, told.ending, told.failed)
