"""In which order plans of many projects can be carried out: what each waits for, and what cannot be done together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reconciler.core import schedules
from reconciler.errors import ConfigError, PlanError, Where
from reconciler.load.dependencies import Chosen
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.api.applying import Planned
    from reconciler.load.sources import Options


@dataclass(frozen=True, slots=True)
class Order:
    """What each project `needs`, by labels, in the order in which they were given.

    `beyond` are dependencies on what is not among them, hence not waited for: a project's label, and what it names.
    """

    needs: Mapping[str, Sequence[str]]
    beyond: tuple[tuple[str, str], ...] = ()


def of(planned: Sequence[Planned], surroundings: Options) -> Order:
    """Give the order of plans. ConfigError for a dependency that is not there, or a circle."""
    chosen = Chosen((each.label for each in planned), surroundings)
    needs: dict[str, tuple[str, ...]] = {}
    places: dict[tuple[str, str], Where] = {}
    beyond: list[tuple[str, str]] = []
    for each in planned:
        others: dict[str, None] = {}
        for text, where in each.needs:
            named = chosen.named(text, where, each.label)
            if not named:
                beyond.append((each.label, text))
            for other in named:
                if other != each.label:  # of what several share one may be named itself
                    others[other] = None
                    places[each.label, other] = where
        needs[each.label] = tuple(others)
    circle = schedules.circle(needs)
    if circle:
        what = f"projects depend on one another in a circle: {' → '.join(circle)}"
        raise ConfigError(what, places[circle[0], circle[1]], "take one of these out of depends_on")
    return Order(needs, tuple(beyond))


def insist_on_one_each(planned: Sequence[Planned]) -> None:
    """Refuse to change a service that two projects declare: each would undo what the other one does. PlanError."""
    owners: dict[tuple[str, str, str], Planned] = {}
    for each in planned:
        for unit in each.made.units if each.made is not None else ():
            if unit.kind == "task_definition":  # a family may be run by several services
                continue
            other = owners.setdefault((unit.account, unit.region, unit.address), each)
            if other is not each and (other.changes or each.changes):
                raise PlanError(
                    f"{other.label} and {each.label} both declare {unit.address}",
                    hint="leave one of them out with --exclude",
                )
