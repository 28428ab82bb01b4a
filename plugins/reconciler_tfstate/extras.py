"""Third-party packages that only some states need."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from reconciler.plugin import Unavailable


def load(module: str, extra: str, what: str) -> Any:
    """Import a module of an extra. Unavailable, naming the extra, where it is not installed."""
    try:
        return import_module(module)
    except ImportError:
        hint = f"pip install 'ecs-reconciler[{extra}]'"
        raise Unavailable(f"{what} needs the extra {extra}, which is not installed", hint=hint) from None
