"""Drift that people have accepted: a file beside the project that is reviewed like any other.

::

    accepted:
      - unit: service.main/web
        account: "123456789012"
        region: eu-west-1
        address: desiredCount
        live: 5
        reason: load test until Friday
        until: "2026-12-01"

An entry holds for a difference of that unit and address while AWS shows that value, up to and including the day `until`
(UTC; without it for good). Without `account` and `region` it holds in all that have such a unit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final, TypeAlias

from reconciler.core.drifts import Acceptance, Drift
from reconciler.core.values import Json
from reconciler.errors import ConfigError, Where
from reconciler.records import dataclass

FILE: Final = "drift-accepted.yml"
_KEYS: Final = frozenset({"unit", "account", "region", "address", "live", "reason", "until"})

Homes: TypeAlias = Mapping[str, tuple[str, str]]
"""Account and region of each unit, by its address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One acceptance. A difference whose member AWS does not show has no `live`."""

    unit: str
    address: str
    live: Json = None
    has_live: bool = True
    reason: str = ""
    until: str = ""
    account: str = ""
    region: str = ""

    def is_about(self, drift: Drift, home: tuple[str, str]) -> bool:
        """Tell whether it is about that field of that unit, which is in that account and region."""
        there = self.account in ("", home[0]) and self.region in ("", home[1])
        return there and (self.unit, self.address) == (drift.unit, drift.address)


def read(document: Json, name: str) -> tuple[Entry, ...]:
    """Read the entries of a file. ConfigError where it holds anything else."""
    where = Where(name)
    if document is None:
        return ()
    listed = document.get("accepted") if isinstance(document, dict) else None
    if not isinstance(document, dict) or set(document) != {"accepted"} or not isinstance(listed, list):
        raise ConfigError("accepted drift is an object with a list `accepted`", where, "see docs/drift.md")
    return tuple(_entry(item, index, where) for index, item in enumerate(listed))


def _entry(item: Json, index: int, where: Where) -> Entry:
    if (
        not isinstance(item, dict)
        or not isinstance(item.get("unit"), str)
        or not isinstance(item.get("address"), str)
    ):
        raise ConfigError(f"accepted[{index}] needs `unit` and `address`", where)
    for key in item:
        if key not in _KEYS:
            raise ConfigError(
                f"accepted[{index}]: `{key}` is unknown", where, f"there are {', '.join(sorted(_KEYS))}"
            )
    until = str(item.get("until") or "")
    if until:
        day(until, f"accepted[{index}].until", where)
    return Entry(
        unit=str(item["unit"]),
        address=str(item["address"]),
        live=item.get("live"),
        has_live="live" in item,
        reason=str(item.get("reason") or ""),
        until=until,
        account=str(item.get("account") or ""),
        region=str(item.get("region") or ""),
    )


def day(text: str, name: str, where: Where | None = None) -> date:
    """Read a day. ConfigError where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{name}: {text!r} is no day", where, "write one such as 2026-12-01") from None


def mark(drifts: Sequence[Drift], entries: Sequence[Entry], today: date, homes: Homes) -> tuple[Drift, ...]:
    """Mark what is accepted; an acceptance that has expired is told, and holds no more."""
    return tuple(_marked(drift, entries, today, homes[drift.unit]) for drift in drifts)


def _marked(drift: Drift, entries: Sequence[Entry], today: date, home: tuple[str, str]) -> Drift:
    for entry in entries:
        same = entry.is_about(drift, home) and entry.has_live == drift.has_before
        if not same or (entry.has_live and entry.live != drift.before):
            continue
        expired = bool(entry.until) and today > date.fromisoformat(entry.until)
        return replace(drift, accepted=Acceptance(entry.reason, entry.until, expired=expired))
    return drift


def added(
    entries: Sequence[Entry],
    drifts: Sequence[Drift],
    reason: str,
    until: str,
    homes: Homes,
    wanted: Collection[str] = (),
) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
    """Accept differences, in place of what was said of the same members before; gives all entries, and the new ones."""
    accepted = [drift for drift in drifts if drift.is_among(wanted)]
    new = tuple(
        Entry(
            unit=drift.unit,
            address=drift.address,
            live=drift.before,
            has_live=drift.has_before,
            reason=reason,
            until=until,
            account=homes[drift.unit][0],
            region=homes[drift.unit][1],
        )
        for drift in accepted
    )
    kept = tuple(
        entry for entry in entries if not any(entry.is_about(drift, homes[drift.unit]) for drift in accepted)
    )
    return (*kept, *new), new


def document(entries: Sequence[Entry]) -> dict[str, Json]:
    """Give the file's content."""
    return {"accepted": [dict(_written(entry)) for entry in entries]}


def _written(entry: Entry) -> Mapping[str, Json]:
    return {
        "unit": entry.unit,
        **({"account": entry.account} if entry.account else {}),
        **({"region": entry.region} if entry.region else {}),
        "address": entry.address,
        **({"live": entry.live} if entry.has_live else {}),
        "reason": entry.reason,
        **({"until": entry.until} if entry.until else {}),
    }
