"""Results for machines: the plan as versioned JSON, and its patches."""

from __future__ import annotations

import json

from reconciler.core.plans import Plan, Verb


def plan(value: Plan) -> str:
    """Write a plan as JSON: exactly what `plan --out` saves (docs/schemas/plan.schema.json)."""
    return value.to_json()


def patches(value: Plan) -> str:
    """Write the changes as RFC 6902 patches.

    ``{"resources": [{"address", "base", "patch", "unguarded", "withheld"}]}``, one for each resource that changes.
    `base` names the document that a patch applies to, by the operation that describes it and the JSON pointer in its
    answer; it is null where nothing is there yet, and the patch then adds the whole document. `unguarded` counts old
    values that no `test` guards, `withheld` lists changes without an operation: both because a value is sensitive, or
    not known yet. A resource that is deferred has no patch, and `awaits` names what it waits for.
    """
    resources = [
        {
            "address": unit.address,
            "base": unit.base,
            "patch": list(unit.patch),
            "unguarded": unit.unguarded,
            "withheld": [*unit.withheld, *(f.address for f in unit.changes if f.unknown)],
            **({"awaits": [str(each.address) for each in unit.awaits]} if unit.awaits else {}),
        }
        for unit in value.units
        if unit.verb is not Verb.NONE
    ]
    return json.dumps({"format": value.format, "resources": resources}, indent=2, ensure_ascii=False) + "\n"
