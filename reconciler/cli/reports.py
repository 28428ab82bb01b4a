"""Reporting events on stderr: the live screen on a terminal, lines elsewhere, JSON if asked for."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from reconciler.cli import logs

if TYPE_CHECKING:
    from reconciler.api import Reconciler
    from reconciler.cli.screens import Terminal
    from reconciler.core.events import Event, RolloutProgress
    from reconciler.render.live import Size

    Emit = Callable[[Event], None]


@contextmanager
def reporter(reconciler: Reconciler) -> Iterator[Emit]:
    """Give what reports events while the block runs: where all the others are reported, if there are any."""
    shared = _BOARD.get()
    if shared is not None:
        with shared.member(reconciler) as emit:
            yield emit
    elif logs.interactive():
        with _drawn(Board(reconciler.clock.now)) as board:
            yield board.reporter(reconciler)
    else:
        yield lines(reconciler)


def lines(reconciler: Reconciler) -> Emit:
    """Give what reports events as lines, each once: what reads as before is not said again, but in JSON.

    A warning may come back once the rollout has moved.
    """
    from reconciler.core.events import RolloutProgress, Warned
    from reconciler.render import progress
    from reconciler.render.styles import Style

    masker, style, people = reconciler.masker, Style(logs.colored()), logs.people()
    write = progress.line if people else progress.text
    said: dict[tuple[str, bool], str] = {}

    def emit(event: Event) -> None:
        text = masker.text(write(event, style))
        if isinstance(event, RolloutProgress | Warned):
            place = (event.unit, isinstance(event, Warned))
            if people and said.get(place) == text:
                return
            said[place] = text
            if isinstance(event, RolloutProgress):
                said.pop((event.unit, True), None)
        logs.info(text, **progress.fields(event))

    return emit


class Board:
    """The screen at the bottom of the terminal, for one project or for many; without `terminal` there is none."""

    def __init__(self, now: Callable[[], float]) -> None:
        """Keep what is given; nothing is shown yet."""
        from reconciler.render import live, pieces
        from reconciler.render.styles import Style

        self.terminal: Terminal | None = None
        self._now = now
        self._screen = live.Screen()
        self._lock = Lock()
        self._style, self._glyphs = Style(logs.colored()), pieces.glyphs(sys.stderr.encoding)

    def frame(self, size: Size) -> Sequence[str]:
        """Give the lines to show."""
        from reconciler.render import live

        return live.lines(self._screen, size, self._now(), self._style, self._glyphs)

    def say(self, footer: str) -> None:
        """Show a line below the rollouts."""
        with self._lock:
            self._screen = replace(self._screen, footer=footer)
        self._changed()

    def reporter(self, reconciler: Reconciler, name: str = "") -> Emit:
        """Give what shows the progress of rollouts, by the name of their project if there are many, and other events as
        lines above.
        """
        from reconciler.core.events import RolloutProgress
        from reconciler.render import live

        say = lines(reconciler)

        def emit(event: Event) -> None:
            if self.terminal is not None and isinstance(event, RolloutProgress):
                shown = _masked(reconciler, event)
                with self._lock:
                    self._screen = live.note(self._screen, replace(shown, unit=name) if name else shown)
                self._changed()
            else:
                say(event)

        return emit

    @contextmanager
    def member(self, reconciler: Reconciler) -> Iterator[Emit]:
        """Give what reports the events of one of many projects; what its rollout showed goes with the block."""
        from reconciler.render import live

        name = logs.whose()
        try:
            yield self.reporter(reconciler, name)
        finally:
            with self._lock:
                self._screen = live.drop(self._screen, name)
            self._changed()

    def _changed(self) -> None:
        if self.terminal is not None:
            self.terminal.changed()


_BOARD: Final[ContextVar[Board | None]] = ContextVar("board", default=None)


@contextmanager
def together() -> Iterator[Board]:
    """Report in one place what several projects do while the block runs, in this thread and in those begun from it."""
    board = Board(time.time)
    token = _BOARD.set(board)
    try:
        with _drawn(board) if logs.interactive() else nullcontext():
            yield board
    finally:
        _BOARD.reset(token)


@contextmanager
def _drawn(board: Board) -> Iterator[Board]:
    """Show a board at the bottom of the terminal."""
    from reconciler.cli import screens

    with screens.live(board.frame) as terminal:
        board.terminal = terminal
        yield board


def _masked(reconciler: Reconciler, event: RolloutProgress) -> RolloutProgress:
    masker = reconciler.masker
    deployments: Any = masker.value(list(event.deployments), ours=True)
    record: Any = masker.value(event.record, ours=True)
    return replace(event, reason=masker.text(event.reason), deployments=tuple(deployments), record=record)
