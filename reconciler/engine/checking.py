"""Whether a saved plan still holds: what it was made from has to be what is there now."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from reconciler.core import canon as canons
from reconciler.core import diffs, expresses, findings, pointers, secrets
from reconciler.core.documents import Resolved
from reconciler.core.kinds import Kinds
from reconciler.core.kinds.rules import ABSENT, Maybe
from reconciler.core.plans import Input, Plan, Unit
from reconciler.core.redaction import MASK, Masker
from reconciler.core.values import Address, Failure, Json, Source, Value
from reconciler.engine import binding, composing, concealing
from reconciler.engine.observing import Observed
from reconciler.engine.ports import Snapshot
from reconciler.errors import StalePlan
from reconciler.records import dataclass


@dataclass(frozen=True, slots=True)
class Now:
    """What is there when a plan is about to be applied."""

    account: str
    region: str
    project: str
    observed: Observed
    answers: Mapping[Address, Value | Failure]


def check(plan: Plan, now: Now, kinds: Kinds, fill: Callable[[Json, Unit], Json]) -> None:
    """Raise StalePlan, naming everything that moved, where a plan no longer holds."""
    moved: list[str] = []
    if plan.project.digest != now.project:
        moved.append(f"the project file {plan.project.file} is another one, or has changed")
    for name, then, there in (
        ("account", {unit.account for unit in plan.units}, now.account),
        ("region", {unit.region for unit in plan.units}, now.region),
    ):
        if then and then != {there}:
            moved.append(f"the {name} is {there}, the plan is for {', '.join(sorted(then))}")
    if not moved:  # what follows would only repeat that it is another place
        moved += _inputs(plan.inputs, now.answers)
        for unit in plan.units:
            moved += _live(unit, now.observed, kinds, fill, plan.project.ignore_tags)
    if moved:
        raise StalePlan(
            "the plan no longer fits what is there; nothing was changed",
            hint="make a new plan",
            moved=tuple(moved),
        )


def _inputs(inputs: Sequence[Input], answers: Mapping[Address, Value | Failure]) -> list[str]:
    moved: list[str] = []
    lineages: set[str] = set()
    for entry in inputs:
        answer = answers.get(entry.address)
        if entry.ambient or answer is None:
            continue
        if isinstance(answer, Failure):
            moved.append(f"{entry.address}: {answer.error.what}")
            continue
        then, there = entry.source, answer.source
        if then is not None and there is not None and then.lineage != there.lineage:
            if then.name not in lineages:
                moved.append(
                    f"{then.name} has another lineage: it is not the state that the plan was made from"
                )
            lineages.add(then.name)
        elif entry.digest and entry.digest != concealing.digest(answer.data):
            moved.append(f"{entry.address} has another value{_serial(then, there)}")
    return moved


def _serial(then: Source | None, there: Source | None) -> str:
    """Tell a state's serials; a state that was edited by hand may keep its own."""
    if then is None or there is None or not then.lineage or then.version == there.version:
        return ""
    return f" (serial {then.version} → {there.version})"


def _live(
    unit: Unit, observed: Observed, kinds: Kinds, fill: Callable[[Json, Unit], Json], ignored: Sequence[str]
) -> list[str]:
    snapshot = _snapshot(unit, observed)
    if unit.managed is None:
        return [f"{unit.address} exists now"] if snapshot is not None else []
    if snapshot is None:
        return [f"{unit.address} is gone"]
    kind = kinds.named(unit.kind)
    wanted = pointers.objects(fill(unit.desired, unit))
    if unit.partial:  # what rules ask of the whole document is in AWS
        wanted = {name: snapshot.body[name] for name in kind.facts if name in snapshot.body} | dict(wanted)
    desired = canons.canon(kind, wanted, desired=True)
    body = {**snapshot.body, **(observed.revised if unit.kind == "service" else {})}
    live = canons.canon(kind, body, desired=False, like=desired)
    live = composing.ignoring(live, () if binding.replaces(unit.steps) else ignored, desired)
    members = unit.desired if unit.partial else None
    managed = binding.managed(desired, live, unit.steps, unit.ignored, members)
    if concealing.fingerprint(managed, unit.salt) == unit.fingerprint:
        return []
    slots = frozenset(path for path, _ in secrets.slots(unit.desired))
    origin = findings.Provenance(Resolved(unit.address, {}, sensitive=slots), desired)
    masker = Masker.of([fill([secrets.slot(index) for index in range(len(unit.secrets))], unit)])
    then = dict(diffs.leaves(kind.node, unit.managed))
    there = dict(diffs.leaves(kind.node, findings.mask(managed, (), origin, masker)))
    moved = [
        f"{unit.address} {name} {_moved(then.get(name, ABSENT), there.get(name, ABSENT))}"
        for name in sorted({*then, *there})
        if then.get(name, ABSENT) not in (there.get(name, ABSENT), MASK)
    ]
    return moved or [f"{unit.address}: a secret was changed"]


def _moved(then: Maybe, there: Maybe) -> str:
    """Tell what became of a value; the values themselves where both are scalars that may be shown."""
    if then is ABSENT or there is ABSENT:
        return "was added" if then is ABSENT else "was removed"
    texts = [json.dumps(value, ensure_ascii=False) for value in (then, there)]
    if any(isinstance(value, dict | list | tuple) for value in (then, there)) or any(
        MASK in t for t in texts
    ):
        return "was changed"
    return f"was changed: {texts[0]} in the plan, {texts[1]} now"


def _snapshot(unit: Unit, observed: Observed) -> Snapshot | None:
    if unit.kind == "task_definition":
        return observed.live_revision()
    if unit.kind == "express_service":
        live = observed.express if isinstance(observed.express, Snapshot) else None
        return live if live is not None and expresses.status(live.body) != "INACTIVE" else None
    found = observed.service
    if isinstance(found, Snapshot) and found.body.get("status") != "INACTIVE":
        return found
    return None
