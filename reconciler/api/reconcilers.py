"""The library's front door: an opened project that plans, applies, and follows what it began."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.api.checks import Checking
from reconciler.api.drifting import Drifting
from reconciler.api.openings import Emit, drain
from reconciler.api.permits import Permitting
from reconciler.api.rollouts import Rollouts
from reconciler.api.sessions import Sessions
from reconciler.api.verifications import Verifying

if TYPE_CHECKING:
    from reconciler.core.outcomes import Outcome
    from reconciler.core.plans import Plan


class Reconciler(Checking, Drifting, Permitting, Rollouts, Sessions, Verifying):
    """A project with its resolvers and AWS. Use it as a context manager; it is not shared by threads."""

    def apply(
        self,
        plan: Plan,
        *,
        emit: Emit | None = None,
        wait: bool = True,
        until: str = "deployed",
        timeout: float | None = None,
    ) -> Outcome:
        """Carry out a plan, telling `emit` each event. `timeout` in seconds, the project's where not given.

        StalePlan, ApplyError, Interrupted, NotConverged as `engine.applying.apply`.
        """
        from reconciler.engine import applying

        self.check(plan)
        bodies = applying.reveal(plan, self._files.reveal, self._vault(plan))
        limit = timeout if timeout is not None else plan.project.timeout
        saved = self._vault(plan) is None
        manner = applying.Manner(wait=wait, until=until, timeout=limit, saved=saved)
        return drain(applying.apply(plan, self.gateway, self.clock, self._kinds(), bodies, manner), emit)
