"""`reconciler console`: expressions in the project's scope."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import exits, logs, options
from reconciler.errors import ReconcilerError

if TYPE_CHECKING:
    from reconciler.api import Reconciler

_PROMPT = "> "
_HISTORY = "console-history"
_LINES = 1000
_LATER = "(known after apply)"


@click.command()
@options.common
@click.option("--json", "as_json", is_flag=True, help='One JSON value, or {"error": …}, a line.')
@click.option("--show-sensitive", is_flag=True, help="Print secrets instead of marks.")
def command(common: options.Common, *, as_json: bool, show_sensitive: bool) -> int:
    """Evaluate expressions of HCL in the project's scope, one a line: what the state holds, variables, functions.

    On a terminal with history, and completion of addresses by the tab key. Exit code 1 if an expression was wrong.

    \b
    Examples:
      echo 'aws_subnet.private["c"].id' | reconciler console
      echo 'length(keys(aws_subnet.private))' | reconciler console --json
    """
    with options.opened(common, show_sensitive=show_sensitive, aws=False) as reconciler:
        wrong = False
        with _lines(reconciler) as lines:
            for number, line in enumerate(lines, 1):
                if line.strip() in ("exit", "quit"):
                    break
                if line.strip():
                    wrong |= not _answered(reconciler, line, number, as_json=as_json)
    return exits.ERROR if wrong else exits.OK


def _answered(reconciler: Reconciler, line: str, number: int, *, as_json: bool) -> bool:
    """Print what a line comes to; tell whether it came to anything."""
    try:
        value = reconciler.evaluate(line, f"line {number}", None if as_json else _LATER)
    except ReconcilerError as error:
        if as_json:
            options.write(json.dumps({"error": reconciler.masker.text(str(error))}, ensure_ascii=False))
        else:
            logs.failed(reconciler.masker.text(str(error)), kind=type(error).__name__)
        return False
    options.write(_text(value, as_json=as_json))
    return True


def _text(value: Any, *, as_json: bool) -> str:
    from reconciler.hcl import plains

    if as_json:
        return plains.text(value)
    from reconciler.render import texts

    return texts.safe(value) if isinstance(value, str) else plains.text(value, indent=2)


@contextmanager
def _lines(reconciler: Reconciler) -> Iterator[Iterator[str]]:
    """Give the lines to evaluate: of stdin, or as they are typed on a terminal."""
    if not sys.stdin.isatty():
        yield iter(sys.stdin)
        return
    import readline

    from reconciler import caches

    kept = caches.read(_HISTORY)
    for line in (kept or b"").decode("utf-8", "replace").splitlines():
        readline.add_history(line)
    readline.set_completer_delims(" \t\n(),{}+-*/%!=<>&|?:")
    readline.set_completer(_Completion(reconciler))
    readline.parse_and_bind("tab: complete")
    try:
        yield _typed()
    finally:
        count = readline.get_current_history_length()
        history = [readline.get_history_item(i) for i in range(max(1, count - _LINES), count + 1)]
        caches.write(_HISTORY, "\n".join(history).encode())


def _typed() -> Iterator[str]:
    while True:
        try:
            yield input(_PROMPT)
        except KeyboardInterrupt:  # of a line, which begins anew
            sys.stdout.write("\n")
        except EOFError:
            sys.stdout.write("\n")
            return


class _Completion:
    """Completes what stands before the cursor; asked for one candidate after the other."""

    def __init__(self, reconciler: Reconciler) -> None:
        self._reconciler = reconciler
        self._found: tuple[str, ...] = ()

    def __call__(self, text: str, number: int) -> str | None:
        if number == 0:
            self._found = self._reconciler.completions(text)
        return self._found[number] if number < len(self._found) else None
