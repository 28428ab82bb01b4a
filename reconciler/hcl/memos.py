"""Named values that are computed when somebody first needs them, and never again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from reconciler.errors import ReconcilerError
from reconciler.hcl.runs import Run
from reconciler.hcl.values import Value
from reconciler.records import dataclass


@dataclass(frozen=True, slots=True)
class Memo:
    """What was computed so far, with what went wrong, which every later run is told again."""

    _known: dict[tuple[str, bool], tuple[Value, list[ReconcilerError]]] = field(default_factory=dict)

    def value(self, name: str, run: Run, compute: Callable[[], Value]) -> Value:
        """Give the value of a name. Raises Fault that spells the circle out where it needs itself."""
        # What is only probed is kept apart: nothing outside was asked for it.
        key = name, run.probing
        if key not in self._known:
            with run.inside(name) as errors:
                value = compute()
            if run.probing and errors:
                # A circle may go through what is evaluated in earnest just now, and be none the next time.
                run.report(errors)
                return value
            self._known[key] = value, errors
        value, errors = self._known[key]
        run.report(errors)
        return value
