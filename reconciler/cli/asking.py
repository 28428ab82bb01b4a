"""Asking on the terminal before something is changed."""

from __future__ import annotations

import sys
from collections.abc import Collection

from reconciler.errors import PlanError


def confirmed(question: str, answers: Collection[str], hint: str) -> bool:
    """Ask, and tell whether the answer is one of those that say yes. PlanError without a terminal to ask on."""
    if not sys.stdin.isatty():
        raise PlanError("there is no terminal to ask on; nothing was changed", hint=hint)
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip() in answers
