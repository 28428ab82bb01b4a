"""What was applied last: the plan that it was, and the values that went into it. The third side of a drift.

A record is JSON, kept where the project file says (`record`). It is a saved plan, which holds no secrets, with those
values of its inputs that are none; it is never carried out again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from reconciler.core.plans import Plan
from reconciler.core.values import Address, Json
from reconciler.errors import PlanError
from reconciler.records import dataclass

FORMAT: Final = 1
_LONGEST: Final = 1000
"""Longer values are told apart by their digests alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A record. `at` is in seconds since the epoch; `values` are those of inputs, by their addresses as text."""

    at: float
    plan: Plan
    values: Mapping[str, Json]


def write(at: float, values: Mapping[str, Json], plan: str) -> str:
    """Write a record. `plan` is the plan in JSON, masked (`planfiles.shown`)."""
    body = {"format": FORMAT, "at": at, "values": dict(values), "plan": json.loads(plan)}
    return json.dumps(body, indent=1, ensure_ascii=False) + "\n"


def over(before: Applied, now: Applied) -> Applied:
    """Give a record after an apply of a part: units that it was not about, or not as a whole, stay as they were.

    So does the time, since what stays may have been changed since then.
    """
    whole = {unit.address: unit for unit in now.plan.units if not unit.partial}
    units = (*(whole.pop(unit.address, unit) for unit in before.plan.units), *whole.values())
    inputs = {entry.address: entry for entry in (*now.plan.inputs, *before.plan.inputs)}
    plan = replace(before.plan, units=units, inputs=tuple(inputs.values()))
    return Applied(at=before.at, plan=plan, values={**now.values, **before.values})


def read(text: str, name: str) -> Applied:
    """Read a record. PlanError, which names it, where it is damaged or of a version that is not known here."""
    try:
        body = json.loads(text)
        if body["format"] == FORMAT:
            return Applied(
                at=body["at"], plan=Plan.from_json(json.dumps(body["plan"])), values=body["values"]
            )
        what, hint = f"the record {name} has format {body['format']!r}", f"this version reads format {FORMAT}"
    except (ValueError, KeyError, TypeError, PlanError) as error:
        said = error.what if isinstance(error, PlanError) else "it is no record"
        what, hint = f"the record {name} cannot be used: {said}", "apply once more: it is written anew"
    raise PlanError(what, hint=hint)


def kept(plan: Plan, known: Mapping[Address, Json]) -> dict[str, Json]:
    """Choose the values of a plan's inputs to keep: texts, numbers and lists of them, not secret and not too long."""
    found: dict[str, Json] = {}
    for entry in plan.inputs:
        value = known.get(entry.address)
        items = value if isinstance(value, list | tuple) else [value]
        shown = not any(isinstance(item, Mapping | list | tuple) for item in items)
        if entry.digest and shown and len(str(value)) <= _LONGEST:
            found[str(entry.address)] = value
    return found
