"""Reporting events on stderr: the live screen on a terminal, lines elsewhere, JSON if asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.cli import logs

if TYPE_CHECKING:
    from reconciler.api import Reconciler
    from reconciler.core.events import Event, RolloutProgress
    from reconciler.render.live import Size

    Emit = Callable[[Event], None]


@contextmanager
def reporter(reconciler: Reconciler) -> Iterator[Emit]:
    """Give what reports events while the block runs."""
    if logs.interactive():
        with _screen(reconciler) as emit:
            yield emit
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


@contextmanager
def _screen(reconciler: Reconciler) -> Iterator[Emit]:
    """Give what shows the progress of rollouts at the bottom of the terminal, and other events as lines above."""
    import sys

    from reconciler.cli import screens
    from reconciler.core.events import RolloutProgress
    from reconciler.render import live, pieces
    from reconciler.render.styles import Style

    style, drawn_with = Style(logs.colored()), pieces.glyphs(sys.stderr.encoding)
    say = lines(reconciler)
    screen = live.Screen()

    def frame(size: Size) -> Sequence[str]:
        return live.lines(screen, size, reconciler.clock.now(), style, drawn_with)

    with screens.live(frame) as terminal:

        def emit(event: Event) -> None:
            nonlocal screen
            if isinstance(event, RolloutProgress):
                screen = live.note(screen, _masked(reconciler, event))
                terminal.changed()
            else:
                say(event)

        yield emit


def _masked(reconciler: Reconciler, event: RolloutProgress) -> RolloutProgress:
    masker = reconciler.masker
    deployments: Any = masker.value(list(event.deployments), ours=True)
    record: Any = masker.value(event.record, ours=True)
    return replace(event, reason=masker.text(event.reason), deployments=tuple(deployments), record=record)
