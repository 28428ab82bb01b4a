"""A task definition against the revision that runs: a revision is never changed, a new one is registered."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.core import diffs
from reconciler.core.plans import Unit, Verb
from reconciler.core.steps import RegisterTaskDefinition, Step
from reconciler.core.values import JsonObject
from reconciler.engine import ignoring, units
from reconciler.engine.composing import Desired
from reconciler.engine.concealing import conceal
from reconciler.engine.observing import Observed, revision_arn
from reconciler.engine.ports import Snapshot
from reconciler.engine.tagging import tag_steps
from reconciler.engine.units import Facts, Planned
from reconciler.errors import PlanError


def plan(desired: Desired, observed: Observed, facts: Facts, planned: Planned) -> Unit:
    """Plan a task definition. PlanError where it lacks what every registration needs."""
    kind = facts.kinds.task_definition
    family = desired.canon.wire.get("family")
    if not isinstance(family, str) and not observed.saved:
        hint = 'add "family": "NAME", under which its revisions are registered'
        raise PlanError("the task definition has no `family`", desired.resolved.where(()), hint)
    live = observed.live_revision()
    patterns = [ignoring.path(pointer) for pointer in facts.options.ignore]
    desired = ignoring.adopt(desired, live.body if live else None, patterns, planned.idle)
    planned.task = desired.canon.wire
    compared = units.compare(kind, desired, live, facts, saved=observed.saved)
    changes = compared.differences.changes
    name = family if isinstance(family, str) else _family(live)
    arn = revision_arn(live) if live else ""
    hidden = units.hide(desired, facts, f"task_definition.{name}", planned)
    steps, effects = _revision_steps(name, hidden.body, live is None, arn, changes, facts)
    if not observed.saved and any(isinstance(step, RegisterTaskDefinition) for step in steps):
        from reconciler.engine import compatibility  # a plan of what is unchanged does without the table

        refusals, notices = compatibility.of_task_definition(desired)
        planned.refusals.extend(refusals)
        planned.notices.extend(notices)
    if steps and not observed.saved and isinstance(steps[0], RegisterTaskDefinition):
        units.insist_on_required(kind, desired, steps[0].body, "RegisterTaskDefinition", facts)
    if steps and isinstance(steps[0], RegisterTaskDefinition) and _is_newest(desired, observed, live, facts):
        assert isinstance(observed.newest, Snapshot)
        effects = (f"revision {_number(revision_arn(observed.newest))} is registered already and equal",)
    return units.unit(
        kind, desired, compared, facts, planned,
        name=name, address=f"task_definition.{name}", arn=arn, observed=observed,
        verb=Verb.CREATE if live is None else Verb.UPDATE if steps else Verb.NONE,
        steps=conceal(steps, hidden.values), effects=effects, hidden=hidden,
    )  # fmt: skip


def _revision_steps(
    name: str, body: JsonObject, new: bool, arn: str, changes: Sequence[diffs.Change], facts: Facts
) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """A revision cannot be changed, only its tags can; every other change is a new revision (API model)."""
    if new or facts.options.force_register or any(change.path[0] != "tags" for change in changes):
        step = RegisterTaskDefinition(family=name, body=body, insist=facts.options.force_register)
        return (step,), ("a new revision",)
    steps = tag_steps(arn, changes)
    return steps, ("tags only, no new revision",) if steps else ()


def _is_newest(desired: Desired, observed: Observed, live: Snapshot | None, facts: Facts) -> bool:
    newest = observed.newest
    if not isinstance(newest, Snapshot) or newest is live or facts.options.force_register:
        return False
    return not units.compare(facts.kinds.task_definition, desired, newest, facts).differences.changes


def _number(arn: str) -> str:
    return arn.rsplit(":", 1)[-1]


def _family(live: Snapshot | None) -> str:
    return units.short(revision_arn(live)).rsplit(":", 1)[0] if live else ""
