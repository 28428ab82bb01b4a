"""Drift as reports: what a run found, and how much of what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from reconciler.core.drifts import Drift, Severity
from reconciler.core.plans import Notice
from reconciler.core.strays import Unmanaged
from reconciler.records import dataclass
from reconciler.render.drifts import Member, counted

UNKNOWN: Final = "unknown"
"""The word for a cause that is not known."""
_SEVERITIES: Final = tuple(Severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run found: its projects in the order of their paths, the services that nobody declares, if asked for.

    `name` says which projects were asked for, `at` when, in seconds since the epoch.
    """

    members: tuple[Member, ...]
    name: str
    at: float
    several: bool = False
    unmanaged: Unmanaged | None = None


def unknown(report: Report) -> tuple[Notice, ...]:
    """Give what is not known of the projects, each thing once."""
    return tuple(dict.fromkeys(notice for member in report.members for notice in member.notices))


def cause(drift: Drift) -> str:
    """Name the cause of a difference."""
    return drift.cause.value if drift.cause is not None else UNKNOWN


def causes(drifts: Iterable[Drift]) -> dict[str, int]:
    """Count causes, the most frequent ones first."""
    return dict(sorted(Counter(map(cause, drifts)).items(), key=lambda each: (-each[1], each[0])))


def severities(drifts: Iterable[Drift]) -> dict[Severity, int]:
    """Count severities, the worst first."""
    found = Counter(drift.severity for drift in drifts)
    return {severity: found[severity] for severity in _SEVERITIES if found[severity]}


def worst(drifts: Iterable[Drift]) -> Severity | None:
    """Give the worst severity of what counts; None where nothing does."""
    return next(iter(severities(counted(drifts))), None)


def number(count: int, noun: str, more: str = "") -> str:
    """Write a count with its noun: ``2 differences``."""
    return f"{count:,} {noun if count == 1 else more or f'{noun}s'}"
