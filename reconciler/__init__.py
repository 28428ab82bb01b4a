"""Plan and apply for Amazon ECS, beside Terraform. Importing it imports neither boto3 nor a parser."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.api import Project, Reconciler
    from reconciler.api.applying import Applied, Listener, Manner
    from reconciler.api.fleets import Fleet
    from reconciler.core.plans import Plan
    from reconciler.errors import ReconcilerError

__version__ = "0.1.0"
__all__ = [
    "Applied",
    "Fleet",
    "Listener",
    "Manner",
    "Plan",
    "Project",
    "Reconciler",
    "ReconcilerError",
    "__version__",
]

_HOMES = {
    "Applied": "reconciler.api.applying",
    "Fleet": "reconciler.api.fleets",
    "Listener": "reconciler.api.applying",
    "Manner": "reconciler.api.applying",
    "Plan": "reconciler.core.plans",
    "Project": "reconciler.api",
    "Reconciler": "reconciler.api",
    "ReconcilerError": "reconciler.errors",
}


def __getattr__(name: str) -> object:
    """Import a public name from its module on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
