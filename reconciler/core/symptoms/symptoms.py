"""What a row of the tables says."""

from __future__ import annotations

from enum import Enum

from reconciler.core.causes import Kind
from reconciler.records import dataclass


class Of(Enum):
    """The kind of text that a row recognises."""

    SAID = "said"  # stop codes and reasons, containers' reasons, service events, target health
    EXIT = "exit"  # an exit code, in digits
    LOG = "log"  # a line that a container wrote


@dataclass(frozen=True, slots=True)
class Symptom:
    """A text that is recognised (by a pattern, in any case), the sentence for it, and what to try.

    Both may name the pattern's groups and these facts: ``{container}``, ``{image}``, ``{role}`` (execution role),
    ``{memory}``, ``{logs}`` (log group), ``{port}``, ``{group}`` (target group). A `vague` row only says that something
    is wrong.
    """

    kind: Kind
    pattern: str
    what: str
    hint: str
    source: str
    of: Of = Of.SAID
    vague: bool = False
