"""`severity:` of a project file: how much which differences matter, as `drift` tells them."""

from __future__ import annotations

from typing import Final

from reconciler.errors import ConfigError, Where
from reconciler.load.calls import near
from reconciler.load.members import Members, members
from reconciler.records import dataclass

_KEYS: Final = frozenset({"match", "cause", "severity"})
SEVERITIES: Final = ("high", "medium", "low", "info")
CAUSES: Final = ("configuration", "infrastructure", "live", "unmanaged")


@dataclass(frozen=True, slots=True)
class Weighed:
    """A rule: a pattern of places, empty for any, a cause, empty for any, and the severity; with its place."""

    match: str
    cause: str
    severity: str
    where: Where


def read(project: Members) -> tuple[Weighed, ...]:
    """Read the rules. ConfigError where one is none; whether a pattern points anywhere is for others to say."""
    found: list[Weighed] = []
    for index, item in enumerate(project.items("severity")):
        entry = members(project.resolved, _KEYS, (*project.path_of("severity"), index), item)
        project.cautions.extend(entry.cautions)
        where = entry.resolved.where(entry.path)
        level = _word(entry, "severity", SEVERITIES)
        if not level:
            raise ConfigError(
                f"severity[{index}] says no severity", where, "write one such as severity: high"
            )
        match = entry.text("match") or ""
        place = entry.where("match") if match else where
        found.append(Weighed("" if match == "*" else match, _word(entry, "cause", CAUSES), level, place))
    return tuple(found)


def _word(entry: Members, name: str, words: tuple[str, ...]) -> str:
    text = entry.text(name) or ""
    if text and text not in words:
        what = f"{name} {text!r} is none of {', '.join(words)}"
        raise ConfigError(what, entry.where(name), near(text, words))
    return text
