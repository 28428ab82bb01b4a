"""Doing something about several projects side by side, each when its turn has come; and letting go of all at once."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import Final, TypeAlias

from reconciler.core.schedules import Course, End
from reconciler.engine.ports import Clock

Act: TypeAlias = Callable[[str], End]
"""Does what there is to do about the project of a label, in a thread of its own."""

_LOOK: Final = 0.5
"""Seconds after which a signal is heard that did not wake the main thread, since another thread took it."""


class Halt:
    """Whether all is to be let go. As a clock it ends every sleep then, as Ctrl-C ends that of the main thread."""

    def __init__(self, clock: Clock | None = None) -> None:
        """Nobody asked for it yet. `clock` replaces time, and its sleeps are not cut short."""
        self._asked = threading.Event()
        self._clock = clock

    def ask(self) -> None:
        """Ask for it."""
        self._asked.set()

    @property
    def asked(self) -> bool:
        """Tell whether it was asked for."""
        return self._asked.is_set()

    def heed(self) -> None:
        """KeyboardInterrupt where it was asked for: the engine knows what that means, and says what was done."""
        if self.asked:
            raise KeyboardInterrupt

    def now(self) -> float:
        """Give the time in seconds since the epoch."""
        return time.time() if self._clock is None else self._clock.now()

    def sleep(self, seconds: float, /) -> None:
        """Wait. KeyboardInterrupt as soon as all is to be let go."""
        if self._clock is None:
            self._asked.wait(seconds)
        else:
            self._clock.sleep(seconds)
        self.heed()


def take(course: Course, act: Act, halt: Halt, told: Callable[[Course], object] | None = None) -> Course:
    """Let each project have its turn until none is left that may begin; give how all of it went.

    SIGINT and SIGTERM ask for the halt, and what runs is waited for; a second one waits no more. Of the projects that
    `act` raised for, which it should not, the course says that they failed. `told` hears of each step.
    """
    news: SimpleQueue[tuple[str, End] | None] = SimpleQueue()

    def run(label: str) -> None:
        end = End.FAILED
        try:
            end = act(label)
        finally:
            news.put((label, end))

    with _signals(lambda: news.put(None)):
        while True:
            for label in course.ready():
                course = course.begin(label)
                # What is set for this thread (of whom to tell, where to draw) holds for those that it begins.
                context = copy_context()
                threading.Thread(target=context.run, args=(run, label), name=label, daemon=True).start()
            if told is not None:
                told(course)
            if not course.running:
                return course
            try:
                heard = news.get(timeout=_LOOK)
            except Empty:
                continue
            if heard is not None:
                course = course.end(*heard)
            elif not course.interrupted:
                course = course.interrupt()
                halt.ask()
            else:
                for label in course.running:
                    course = course.end(label, End.LET_GO)


@contextmanager
def _signals(heard: Callable[[], object]) -> Iterator[None]:
    """Hear signals that ask to end, in place of what they do otherwise. Only the main thread ever hears any.

    One that is ignored, as those of a job in the background are, stays so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    known = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    before = {number: handler for number, handler in known.items() if handler not in (None, signal.SIG_IGN)}
    for number in before:
        signal.signal(number, lambda *_: heard())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
