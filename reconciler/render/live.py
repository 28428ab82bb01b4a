"""The live screen: what stands at the bottom of a terminal while rollouts are watched, redrawn in place.

Takes the events so far, the size of the terminal and the time; gives lines, each no wider and all no higher than
that. It never writes, and keeps no time of its own: `cli` does both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from reconciler.core.events import Event, RolloutProgress
from reconciler.core.rollouts import State
from reconciler.records import dataclass
from reconciler.render import deployments, pieces
from reconciler.render.pieces import UNICODE, Glyphs, Line, Piece
from reconciler.render.progress import role
from reconciler.render.styles import PLAIN, Style

_INDENT: Final = "  "
_LOW: Final = 2
"""Rows of a terminal that has no room for anything but rollouts."""
_CONTINUES: Final = "; `reconciler continue` lets the traffic go over to the new tasks"
_OVER: Final = tuple(
    state.value for state in State if state is State.STABLE or (state.ended and state is not State.PAUSED)
)
_THROUGH: Final = (State.DEPLOYED.value, State.STABLE.value)


@dataclass(frozen=True, slots=True)
class Rollout:
    """What was reported of a rollout last, and when it began, by the clock of the one who watches."""

    latest: RolloutProgress
    began: float


@dataclass(frozen=True, slots=True)
class Screen:
    """The rollouts that are watched, in the order in which they were first reported, and what is said below them."""

    rollouts: tuple[Rollout, ...] = ()
    footer: str = ""


@dataclass(frozen=True, slots=True)
class Size:
    """Of a terminal."""

    columns: int
    rows: int


@dataclass(frozen=True, slots=True)
class _Pen:
    """How wide to draw, at what time, with what."""

    columns: int
    now: float
    with_: Glyphs


def note(screen: Screen, event: Event) -> Screen:
    """Take an event in. Only the progress of rollouts stands on the screen; other events are lines above it."""
    if not isinstance(event, RolloutProgress):
        return screen
    known = list(screen.rollouts)
    for number, each in enumerate(known):
        if each.latest.unit == event.unit:
            known[number] = replace(each, latest=event)
            return replace(screen, rollouts=tuple(known))
    return replace(screen, rollouts=(*known, Rollout(event, _began(event))))


def drop(screen: Screen, unit: str) -> Screen:
    """Show a unit's rollout no more: that it is over was said elsewhere."""
    return replace(screen, rollouts=tuple(each for each in screen.rollouts if each.latest.unit != unit))


def _began(event: RolloutProgress) -> float:
    """Say when a rollout began: one that is picked up began before it was first seen."""
    created = event.record.get("createdAt") if event.record is not None else None
    return min(event.at, float(created)) if isinstance(created, int | float) else event.at


def lines(
    screen: Screen, size: Size, now: float, style: Style = PLAIN, with_: Glyphs = UNICODE
) -> tuple[str, ...]:
    """Draw the screen, in as much detail as fits; nothing before a rollout was reported.

    A column is left free, because some terminals wrap as soon as the last one is taken, and so is a row, because what
    stands in place must not scroll.
    """
    pen = _Pen(max(size.columns - 1, 1), now, with_)
    footer: list[Line] = [(Piece(screen.footer, "dim"),)] if screen.footer and size.rows > _LOW else []
    most = max(size.rows - 1 - len(footer), 1)
    ways: Sequence[Callable[[Rollout, _Pen], Sequence[Line]]] = (_block, _brief, _single)
    if len(screen.rollouts) > 1:
        ways = ways[1:]
    drawn: list[Line] = []
    for way in ways:
        drawn = [line for each in screen.rollouts for line in way(each, pen)]
        if len(drawn) <= most:
            break
    else:
        drawn = _pressing(screen, pen, most)
    return tuple(pieces.fit(line, pen.columns, style, with_=with_) for line in (*drawn, *footer))


def _pressing(screen: Screen, pen: _Pen, most: int) -> list[Line]:
    """Draw the rollouts that still move, as many as there is room for, and count the others."""
    moving = [each for each in screen.rollouts if each.latest.state not in _OVER]
    chosen = (moving + [each for each in screen.rollouts if each not in moving])[: most - 1]
    rest = len(screen.rollouts) - len(chosen)
    return [
        *(line for each in chosen for line in _single(each, pen)),
        (Piece(f"{pen.with_.more} and {rest} more", "dim"),),
    ]


def _block(rollout: Rollout, pen: _Pen) -> list[Line]:
    """Draw one rollout with all that is known of it."""
    event = rollout.latest
    below: list[Line] = list(deployments.rows(event.deployments, pen.columns, pen.with_))
    below += details(event, pen.columns - len(_INDENT), pen.now, pen.with_)
    if event.state == State.ROLLING_BACK.value:
        below.append((Piece(event.reason, "bad"),))
    return [_header(rollout, pen), *((Piece(_INDENT), *line) for line in below)]


def details(event: RolloutProgress, columns: int, now: float, with_: Glyphs) -> list[Line]:
    """Draw what the service deployment of a rollout says: stage, traffic, hooks, monitors; of each what there is."""
    found: list[Line] = []
    through = event.state in _THROUGH
    shifts = any(deployments.shares(event.record))
    if event.stage or (through and shifts) or (deployments.staged(event.record) and event.state not in _OVER):
        label = Piece("stage     ", "dim")
        room = columns - len(label.text)
        back = event.state == State.ROLLING_BACK.value
        # On its way back it goes through some stages again, and their order says nothing.
        here = (Piece(f"{with_.here} {event.stage}", "bad"),)
        line = deployments.stages(event.stage, room, with_, record=event.record, over=through)
        found.append((label, *(here if back else line)))
    if shifts and (through or event.state not in _OVER):
        moved = deployments.traffic(event.record, columns, with_)
        line = (Piece("traffic   ", "dim"), *moved)
        whose = Piece("   to the new revision", "dim")
        found.append((*line, whose) if pieces.width((*line, whose)) <= columns else line)
    if said := deployments.between(event.record, event.state, event.reason):
        held = event.state == State.PAUSED.value
        found.append((Piece("held", "warn"), Piece(_CONTINUES)) if held else (Piece(said),))
    if event.state not in _OVER:
        found += deployments.hooks(event.record, now)
    if watched := deployments.monitors(event.record):
        found.append((Piece("monitors  ", "dim"), *watched))
    return found


def _brief(rollout: Rollout, pen: _Pen) -> list[Line]:
    """Draw a rollout on two lines."""
    return [
        (*_header(rollout, pen), *_where(rollout.latest)),
        (Piece(_INDENT), *_counts(rollout.latest)),
    ]


def _single(rollout: Rollout, _pen: _Pen) -> list[Line]:
    """Draw a rollout on one line."""
    event = rollout.latest
    head = (Piece(f"{event.unit} ", "unit"), Piece(event.state, role(event.state)))
    return [(*head, *_where(event), Piece("  "), *_counts(event))]


def _header(rollout: Rollout, pen: _Pen) -> Line:
    event = rollout.latest
    at = event.at if event.state in _OVER else max(pen.now, event.at)
    usual = f", usually {deployments.duration(event.usual)}" if event.usual else ""
    rest = (
        Piece("  "),
        Piece(event.state, role(event.state)),
        Piece(f"  {deployments.duration(at - rollout.began)}{usual}", "dim"),
    )
    whole = (Piece(event.unit, "unit"), *rest)
    # Where there is no room for all of it, the service's own name says enough.
    return (
        whole if pieces.width(whole) <= pen.columns else (Piece(event.unit.rsplit("/", 1)[-1], "unit"), *rest)
    )


def _where(event: RolloutProgress) -> Line:
    if event.state in _OVER:
        return ()
    shares = [share for kind, share in deployments.shares(event.record) if kind == "production"]
    stage = [(Piece(event.stage, "warn"),)] if event.stage else []
    moved = [(Piece(f"production {deployments.percent(share)}"),) for share in shares]
    return (Piece("  "), *pieces.joined([*stage, *moved])) if stage or moved else ()


def _counts(event: RolloutProgress) -> Line:
    return pieces.joined(
        (
            (
                Piece(f"{each.get('status')} {deployments.short(each.get('taskDefinition'))} "),
                *deployments.tasks(each),
            )
            for each in event.deployments
        ),
        "; ",
    )
