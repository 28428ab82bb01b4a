"""Attributes whose type only the value knows: the state wraps them as ``{"value": …, "type": …}``.

`type` is a cty type in JSON: ``"string"``, ``["list", T]``, ``["object", {name: T}]``, ``["tuple", [T…]]``.
Providers declare such attributes as dynamic; the state alone does not say which they are. So an attribute is
unwrapped where the table names it, or where it has exactly these two members and the value is of the type, unless
another table names it as what holds such members itself.
Deeper down only compound types count, since ``{"type": "string", "value": "x"}`` may be a genuine block.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.plugin import Json

#: Attributes that the providers' schemas declare as dynamic.
KNOWN = {
    "terraform_data": {"input", "output", "triggers_replace"},
    "terraform_remote_state": {"config", "defaults", "outputs"},
    "tfe_outputs": {"nonsensitive_values", "values"},
    "kubernetes_manifest": {"manifest", "object"},
}

#: Attributes that their schemas declare as maps of texts, whose keys are the user's own: `value` and `type`, too.
PLAIN = {
    "external": {"query", "result"},
}

_PRIMITIVES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "bool": (bool,),
}


def unwrap(resource_type: str, attributes: Mapping[str, Json]) -> dict[str, Json]:
    """Give a resource's attributes with dynamic ones replaced by their values."""
    known, plain = KNOWN.get(resource_type, set()), PLAIN.get(resource_type, set())
    return {
        name: value
        if name in plain
        else _unwrap_deep(_unwrap_one(value, surely=name in known, primitive=True))
        for name, value in attributes.items()
    }


def _unwrap_one(data: Json, *, surely: bool, primitive: bool) -> Json:
    if not isinstance(data, dict) or data.keys() != {"value", "type"}:
        return data
    value: Json = data["value"]
    kind: Json = data["type"]
    if surely or (isinstance(kind, list if not primitive else (list, str)) and _conforms(value, kind)):
        return value
    return data


def _unwrap_deep(data: Json) -> Json:
    """Unwrap below; gives the very same containers back where nothing is wrapped, as nearly always."""
    data = _unwrap_one(data, surely=False, primitive=False)
    if isinstance(data, dict):
        members = {name: _unwrap_deep(value) for name, value in data.items()}
        return members if any(members[name] is not data[name] for name in data) else data
    if isinstance(data, list):
        items = [_unwrap_deep(item) for item in data]
        return items if any(new is not old for new, old in zip(items, data, strict=True)) else data
    return data


def _conforms(value: Json, kind: object) -> bool:
    """Tell whether `kind` is a cty type and `value` one of its values. Null belongs to every type."""
    match kind:
        case "dynamic":
            return True
        case str():
            wanted = _PRIMITIVES.get(kind)
            return wanted is not None and (
                value is None or (isinstance(value, wanted) and isinstance(value, bool) == (kind == "bool"))
            )
        case ["list" | "set", element]:
            return value is None or (isinstance(value, list) and all(_conforms(v, element) for v in value))
        case ["map", element]:
            return value is None or (
                isinstance(value, dict) and all(_conforms(v, element) for v in value.values())
            )
        case ["tuple", [*elements]]:
            return value is None or (
                isinstance(value, list)
                and len(value) == len(elements)
                and all(map(_conforms, value, elements))
            )
        case ["object", {**members}] | ["object", {**members}, [*_]]:
            return value is None or (
                isinstance(value, dict)
                and value.keys() == members.keys()
                and all(_conforms(value[name], members[name]) for name in value)
            )
    return False
