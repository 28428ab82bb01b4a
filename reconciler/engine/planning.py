"""From what is desired and what is there to a plan. Reads nothing and sends nothing."""

from __future__ import annotations

from reconciler.core import pointers
from reconciler.core.plans import Notice, Unit
from reconciler.engine import ignoring, revising, servicing
from reconciler.engine.composing import Desired
from reconciler.engine.observing import Observed
from reconciler.engine.units import Facts, Planned, Sides

__all__ = ["Facts", "Planned", "Sides", "plan"]


def plan(
    task_definition: Desired | None,
    service: Desired | None,
    observed: Observed,
    facts: Facts,
    express: Desired | None = None,
) -> Planned:
    """Plan a task definition and the service that runs it, or an Express Mode service. PlanError where none can be."""
    planned = Planned()
    whole = express is not None and not express.partial
    if (whole or (task_definition is not None and service is not None)) and not observed.saved:
        asked = set(facts.options.ignore) - set(facts.options.keep)
        planned.idle = {ignoring.path(pointer) for pointer in asked}
    revision: Unit | None = None
    if task_definition is not None:
        revision = revising.plan(task_definition, observed, facts, planned)
        planned.units.append(revision)
    if service is not None:
        planned.units.append(servicing.plan(service, observed, revision, facts, planned))
    if express is not None:
        from reconciler.engine import expressing

        planned.units.append(expressing.plan(express, observed, facts, planned))
    for path in sorted(planned.idle, key=repr):
        what = f"ignore: {pointers.text(path)} points at nothing, in the files or in AWS"
        planned.notices.append(
            Notice(what=what, hint="items are named by their keys: a container by its name")
        )
    return planned
