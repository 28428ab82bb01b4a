"""What must not be shown of evaluated files: by the marks of values, by names, and by what was looked up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from reconciler.core.documents import Resolved
from reconciler.core.redaction import MASK, Masker, secret_name, secret_option
from reconciler.core.values import Json, Value

OPTIONS: Final = frozenset({"dockerlabels", "driveropts", "labels", "options"})
"""Members whose keys are the user's own, in lower case: `load.hcls.names.MAPS`, which few projects import."""


def masked(value: Json, path: tuple[str | int, ...], resolved: Resolved, masker: Masker) -> Json:
    """Mask what is sensitive in an evaluated file."""
    if isinstance(value, dict):
        secret = _holds_named_secret(value)
        free = bool(path) and str(path[-1]).lower() in OPTIONS
        names = masker.names(value)
        return {
            names[name]: MASK
            if secret and name.lower() == "value" and not masker.open
            else masker.texts(member)
            if free and secret_option(name)
            else masked(member, (*path, name), resolved, masker)
            for name, member in value.items()
        }
    if isinstance(value, list | tuple):
        return [masked(member, (*path, index), resolved, masker) for index, member in enumerate(value)]
    return masker.value(value, sensitive=resolved.is_sensitive(path))


def _holds_named_secret(item: Mapping[str, Json]) -> bool:
    """Tell whether an object is a variable whose name says that its value is secret."""
    members = {name.lower(): member for name, member in item.items()}
    name, value = members.get("name"), members.get("value")
    return len(members) == 2 and isinstance(name, str) and isinstance(value, str) and secret_name(name)


def sensitive(values: Iterable[Value]) -> list[Json]:
    """Give what is secret in values that were looked up."""
    found: list[Json] = []
    for value in values:
        for path in value.sensitive_paths:
            data: Json = value.data
            for key in path:
                if isinstance(data, dict):
                    data = data.get(str(key))
                elif isinstance(data, list | tuple) and isinstance(key, int) and key < len(data):
                    data = data[key]
                else:
                    data = None
            found.append(data)
    return found
