"""Telling what is done about several projects: each line with the name of its project, and how far all is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final

from reconciler.api.applying import Listener
from reconciler.cli import failing, logs, reports

if TYPE_CHECKING:
    from reconciler.api import Reconciler
    from reconciler.api.aftermaths import Aftermath
    from reconciler.cli.reports import Board, Emit
    from reconciler.core.plans import Plan
    from reconciler.core.schedules import Course
    from reconciler.errors import ReconcilerError

_WIDEST: Final = 24
"""Columns that the names of projects may take before their lines."""


class Telling(Listener):
    """Tells on stderr, and on a terminal on one screen, what is done about projects."""

    def __init__(self, board: Board, labels: Sequence[str]) -> None:
        """Keep the screen; shorten the labels."""
        from reconciler.render import labels as shortening

        super().__init__()
        self._board = board
        self._names = shortening.short(labels)
        self._width = min(max(map(len, self._names.values()), default=0), _WIDEST)

    def waits(self, labels: Sequence[str]) -> None:
        """Say what is waited for although nobody asked for that."""
        logs.info(f"Waiting all the same for {', '.join(labels)}: others depend on it.")

    def far(self, course: Course) -> None:
        """Say how far all is; nothing once all is over."""
        self._board.say(self._far(course))

    def _far(self, course: Course) -> str:
        running, all_of_them = len(course.running), len(self._names)
        if not running and (course.interrupted or len(course.ended) == all_of_them):
            return ""  # the table that follows says it all
        if course.interrupted:
            return f"letting go of {running}; interrupt again to leave at once"
        waiting = all_of_them - len(course.ended) - running
        told = f"{len(course.ended)} of {all_of_them} projects over, {running} under way"
        return f"{told}, {waiting} to begin" if waiting else told

    def turn(self, label: str, mask: Callable[[Any], Any]) -> AbstractContextManager[None]:
        """Let each line in the block be about a project."""
        from reconciler.render.styles import Style

        name = self._names[label]
        prefix = Style(logs.colored()).paint("dim", f"{name:<{self._width}} │")
        return logs.about(logs.About(label, name, f"{prefix} ", mask))

    def reporting(self, label: str, reconciler: Reconciler) -> AbstractContextManager[Emit]:
        """Give what shows events."""
        return reports.reporter(reconciler)

    def aftermath(self, label: str, reconciler: Reconciler, *, joined: bool) -> Aftermath:
        """Give what says how a rollout ended."""
        return failing.Told(reconciler, "The rollout completed" if joined else "Applied", timed=not joined)

    def moved(self, label: str, plan: Plan) -> None:
        """Show a plan that nobody has seen."""
        from reconciler.render import human
        from reconciler.render.styles import Style

        logs.warning("its plan is another one than was shown, and nobody asks: this is done now.")
        logs.info(human.plan(plan, Style(logs.colored())).rstrip("\n"))

    def unrecorded(self, label: str, why: str) -> None:
        """Say why there is no record."""
        logs.warning(why)

    def failed(self, label: str, error: ReconcilerError) -> None:
        """Say what is wrong."""
        logs.error(error)

    def fault(self, label: str, error: Exception) -> None:
        """Say that this is a fault of ours."""
        logs.fault(error)
