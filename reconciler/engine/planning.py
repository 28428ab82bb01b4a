"""From what is desired and what is there to a plan. Reads nothing and sends nothing."""

from __future__ import annotations

from reconciler.core.plans import Unit
from reconciler.engine import revising, servicing
from reconciler.engine.composing import Desired
from reconciler.engine.observing import Observed
from reconciler.engine.units import Facts, Planned, Sides

__all__ = ["Facts", "Planned", "Sides", "plan"]


def plan(
    task_definition: Desired | None, service: Desired | None, observed: Observed, facts: Facts
) -> Planned:
    """Plan a task definition and the service that runs it. PlanError where no plan can be made."""
    planned = Planned()
    revision: Unit | None = None
    if task_definition is not None:
        revision = revising.plan(task_definition, observed, facts, planned)
        planned.units.append(revision)
    if service is not None:
        planned.units.append(servicing.plan(service, observed, task_definition, revision, facts, planned))
    return planned
