"""`regex`, `regexall` and `replace`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from reconciler.hcl.faults import Fault
from reconciler.hcl.functions import patterns
from reconciler.hcl.functions.patterns import Pattern
from reconciler.hcl.functions.signatures import check_elements, check_text, function, text
from reconciler.hcl.values import Object, Value, normal

_REFERENCE = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\})")


def search(source: str, given: str) -> Value:
    """Give the first match: the text, or the list or the map of its groups. Groups that took no part are null."""
    pattern = _pattern(source)
    found = pattern.search(given)
    if found is None:
        raise Fault("the regular expression matches nowhere in the text", argument=1)
    return _captured(pattern, found)


def search_all(source: str, given: str) -> Value:
    """Give all matches, each as `regex` does."""
    pattern = _pattern(source)
    result: list[Value] = []
    end = -1
    for found in _matches(pattern, given):
        # Go leaves out an empty match that touches the one before.
        if found.end() > found.start() or found.start() != end:
            result.append(_captured(pattern, found))
        end = found.end()
        check_elements(len(result))
    return tuple(result)


def replace(given: str, part: str, replacement: str) -> Value:
    """Replace a text wherever it stands; between slashes it is a regular expression, whose groups `$1` stands for."""
    if len(part) > 1 and part.startswith("/") and part.endswith("/"):
        return _replace_matches(_pattern(part[1:-1], argument=1, mixed=True), given, replacement)
    check_text(len(given) + given.count(part) * len(replacement))
    return normal(given.replace(part, replacement))


def _pattern(source: str, argument: int = 0, *, mixed: bool = False) -> Pattern:
    try:
        pattern = patterns.compiled(source)
    except Fault as fault:
        raise Fault(fault.what, fault.hint, argument=argument) from None
    if not mixed and any(pattern.names) and None in pattern.names:
        raise Fault("either all groups have names or none", argument=argument)
    return pattern


def _matches(pattern: Pattern, given: str) -> Iterator[Any]:
    at = 0
    while at <= len(given) and (found := pattern.search(given, at)) is not None:
        yield found
        at = found.end() + (found.end() == found.start())


def _captured(pattern: Pattern, found: Any) -> Value:
    groups: tuple[str | None, ...] = found.groups()
    if not groups:
        whole: str = found[0]
        return whole
    if any(pattern.names):
        return Object([(name or "", group) for name, group in zip(pattern.names, groups, strict=True)])
    return tuple(groups)


def _replace_matches(pattern: Pattern, given: str, replacement: str) -> str:
    parts: list[str] = []
    copied, last, size = 0, -1, 0
    for found in _matches(pattern, given):
        if found.end() > found.start() or found.start() != last:
            parts += (given[copied : found.start()], _expanded(pattern, found, replacement))
            copied = found.end()
            size += len(parts[-1]) + len(parts[-2])
            check_text(size)
        last = found.end()
    return normal("".join((*parts, given[copied:])))


def _expanded(pattern: Pattern, found: Any, template: str) -> str:
    """Put groups where `$1`, `${1}`, `$name` and `${name}` stand, as Go's `Expand`; `$$` is a dollar."""

    def group(reference: re.Match[str]) -> str:
        if reference[1]:
            return "$"
        name = reference[2] or reference[3]
        if name.isascii() and name.isdigit():
            return found[int(name)] or "" if int(name) <= len(pattern.names) else ""
        taken = [
            found[at] for at, known in enumerate(pattern.names, 1) if known == name and found[at] is not None
        ]
        return taken[-1] if taken else ""

    return _REFERENCE.sub(group, template)


FUNCTIONS = (
    function("regex", search, text("pattern"), text()),
    function("regexall", search_all, text("pattern"), text()),
    function("replace", replace, text(), text("substring"), text("replacement")),
)
