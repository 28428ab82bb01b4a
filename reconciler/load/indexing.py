"""Taking a part of what a function gives, where a format has no expressions of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from reconciler.core.values import UNKNOWN, Marked, unite
from reconciler.errors import ConfigError, Where
from reconciler.load.calls import near

NAME: Final = "index"
"""What it is called, as in templates: `!index [!jq "{now: now}", now]` in YAML."""


def index(item: Marked, keys: Sequence[Marked], where: Where) -> Marked:
    """Give `item[key][key]…`, with the marks of the part alone. ConfigError, at `where`, without such a part."""
    if not item.known or not all(key.known for key in keys):
        return unite(UNKNOWN, [item, *keys])
    for key in keys:
        item = _part(item, key.data, where)
    marks = unite(None, [item, *keys])
    paths = ((),) if any(key.sensitive for key in keys) else item.sensitive_paths
    return replace(item, origins=marks.origins, sensitive_paths=paths)


def _part(item: Marked, key: object, where: Where) -> Marked:
    data = item.data
    if isinstance(data, Mapping):
        name = str(key)
        if name in data:
            return item.child(name, data[name])
        names = () if () in item.sensitive_paths else tuple(data)
        hint = near(name, names) or (f"it has {', '.join(names)}" if names else None)
        raise ConfigError(f"what is indexed has no member {name}", where, hint)
    if isinstance(data, Sequence) and not isinstance(data, str):
        if not isinstance(key, int) or isinstance(key, bool):
            raise ConfigError("a list is indexed with a whole number", where, "counted from 0")
        if not 0 <= key < len(data):
            raise ConfigError(f"what is indexed has no item {key}: it is a list of {len(data)}", where)
        return item.child(key, data[key])
    kind = "null" if data is None else "text" if isinstance(data, str) else "a number or a truth value"
    raise ConfigError(f"what is indexed is {kind}, which has no members", where)
