"""Choosing one of several: by the user's filter, on the terminal, else by name alone.

On a terminal it is a list to type and point in, below whatever stands there; on one that cannot redraw, by number.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence

from reconciler.cli import logs, terminals
from reconciler.errors import ConfigError, PlanError


def pick(what: str, items: Mapping[str, str], *, option: str, filter_command: str = "") -> str:
    """Give the key of one of several items, whose texts say what they are; the only one unasked.

    `filter_command` gets the texts, a line each, and gives one of them, as `peco` and `fzf` do. PlanError where there
    is nothing to choose from, or nobody to ask.
    """
    if not items:
        raise PlanError(f"there is no {what}")
    if len(items) == 1:
        return next(iter(items))
    if filter_command:
        return _filtered(what, items, filter_command)
    if terminals.able():
        return _pointed(what, items)
    if sys.stdin.isatty() and sys.stderr.isatty():
        return _asked(what, items)
    raise PlanError(
        f"there are {len(items)} to choose from, and no terminal to ask on:\n{listed(items.values())}",
        hint=f"name a {what} by {option}",
    )


def listed(texts: Iterable[str], most: int = 20) -> str:
    """Write texts a line each, at most so many of them."""
    lines = [f"    {text}" for text in texts]
    more = len(lines) - most
    return "\n".join(lines[:most] + ([f"    and {more} more"] if more > 0 else []))


def _filtered(what: str, items: Mapping[str, str], command: str) -> str:
    """Let the user's command choose."""
    text = "".join(f"{line}\n" for line in items.values())
    try:
        done = subprocess.run(command, shell=True, input=text, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S602 - it is the user's own command line, as with the peer
    except OSError as error:
        raise ConfigError(f"the filter command cannot be run: {error.strerror}") from error
    chosen = done.stdout.strip()
    found = [key for key, line in items.items() if line.strip() == chosen]
    if done.returncode != 0 or len(found) != 1:
        raise PlanError(
            f"the filter command chose no {what}",
            hint=f"it gets a line for each and gives one of them: {command}",
        )
    return found[0]


def _pointed(what: str, items: Mapping[str, str]) -> str:
    """Let the user type and point, on the terminal behind stdin and stderr. KeyboardInterrupt at Ctrl-C."""
    from reconciler.cli.screens import Canvas, size_of
    from reconciler.render import picks, pieces
    from reconciler.render.styles import Style

    canvas, style, glyphs = Canvas(), Style(logs.colored()), pieces.glyphs(sys.stderr.encoding)
    keys, pick = list(items), picks.Pick(tuple(items.values()))

    def draw(lines: Sequence[str]) -> None:
        sys.stderr.write(canvas.turn(lines, size_of(sys.stderr)))
        sys.stderr.flush()

    def show() -> None:
        draw(picks.lines(pick, f"Which {what}?", size_of(sys.stderr), style, with_=glyphs))

    terminal = sys.stdin.fileno()
    with terminals.by_keys(terminal, lambda: draw([])):
        try:
            show()
            for key in terminals.pressed(terminal):
                if key is picks.Key.INTERRUPT:
                    raise KeyboardInterrupt
                if key is picks.Key.LEAVE:
                    break
                if key is picks.Key.ENTER and pick.chosen is not None:
                    return keys[pick.chosen]
                pick = pick if key is None else pick.pressed(key)
                show()
        finally:
            draw([])
    raise PlanError(f"no {what} was chosen")


def _asked(what: str, items: Mapping[str, str]) -> str:
    """Ask on the terminal, until the answer is one of the numbers."""
    keys = list(items)
    for number, key in enumerate(keys, 1):
        sys.stderr.write(f"{number:>3}  {items[key]}\n")
    while True:
        sys.stderr.write(f"Which {what}? (1-{len(keys)}) ")
        sys.stderr.flush()
        answer = sys.stdin.readline()
        if not answer:
            raise PlanError(f"no {what} was chosen")
        if answer.strip().isdigit() and 1 <= int(answer) <= len(keys):
            return keys[int(answer) - 1]
