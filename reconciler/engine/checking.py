"""Whether a saved plan still holds: what it was made from has to be what is there now."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.core import canon as canons
from reconciler.core import diffs, findings
from reconciler.core.documents import Resolved
from reconciler.core.kinds import Kinds
from reconciler.core.plans import Input, Plan, Unit
from reconciler.core.redaction import MASK, Masker
from reconciler.core.values import Address, Failure, Json, Value
from reconciler.engine import composing, planning
from reconciler.engine.observing import Observed
from reconciler.engine.ports import Snapshot
from reconciler.errors import StalePlan


@dataclass(frozen=True, slots=True)
class Now:
    """What is there when a plan is about to be applied."""

    account: str
    region: str
    project: str
    observed: Observed
    answers: Mapping[Address, Value | Failure]


def digest(value: Json) -> str:
    """Digest a value that is no secret."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


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
        elif entry.digest and entry.digest != digest(answer.data):
            serial = f" (serial {then.version} → {there.version})" if then and there and then.lineage else ""
            moved.append(f"{entry.address} has another value{serial}")
    return moved


def _live(
    unit: Unit, observed: Observed, kinds: Kinds, fill: Callable[[Json, Unit], Json], ignored: Sequence[str]
) -> list[str]:
    snapshot = _snapshot(unit, observed)
    if unit.managed is None:
        return [f"{unit.address} exists now"] if snapshot is not None else []
    if snapshot is None:
        return [f"{unit.address} is gone"]
    kind = kinds.named(unit.kind)
    desired = canons.canon(kind, fill(unit.desired, unit), desired=True)
    live = canons.canon(kind, snapshot.body, desired=False, facts=desired.facts)
    live = composing.ignoring(live, ignored)
    managed = diffs.managed(desired, live)
    if unit.partial and isinstance(managed, dict):
        managed = {name: value for name, value in managed.items() if name in desired.tree}
    if planning.fingerprint(managed, unit.salt) == unit.fingerprint:
        return []
    origin = findings.Provenance(Resolved(unit.address, {}), desired)
    then, there = _leaves(unit.managed), _leaves(findings.mask(managed, (), origin, Masker()))
    names = sorted(
        name for name in {*then, *there} if then.get(name, _NOTHING) not in (there.get(name, _NOTHING), MASK)
    )
    return [f"{unit.address} {name} was changed" for name in names] or [
        f"{unit.address}: a secret was changed"
    ]


_NOTHING = object()


def _leaves(document: Json, prefix: str = "") -> dict[str, object]:
    if isinstance(document, dict) and document:
        return {
            inner: leaf
            for name, member in document.items()
            for inner, leaf in _leaves(member, f"{prefix}.{name}" if prefix else name).items()
        }
    return {prefix: document}


def _snapshot(unit: Unit, observed: Observed) -> Snapshot | None:
    if unit.kind == "task_definition":
        return observed.live_revision()
    found = observed.service
    if isinstance(found, Snapshot) and found.body.get("status") != "INACTIVE":
        return found
    return None
