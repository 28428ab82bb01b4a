"""The library, and the composition root: the one place where files, resolvers, AWS and the engine meet.

::

    from reconciler import Project, Reconciler

    with Reconciler.open(Project.load("reconciler.yml")) as r:
        plan = r.plan()
        if plan.changes:
            outcome = r.apply(plan, emit=print)
"""

from reconciler.api.evaluations import Definitions
from reconciler.api.openings import SystemClock
from reconciler.api.projects import Project
from reconciler.api.reconcilers import Reconciler
from reconciler.engine.options import Options

__all__ = ["Definitions", "Options", "Project", "Reconciler", "SystemClock"]
