"""Expressions of HCL in a project's scope, and what they may go on with."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from reconciler.core.values import Marked
from reconciler.errors import ConfigError, ResolveError
from reconciler.hcl import functions
from reconciler.hcl.faults import Fault
from reconciler.load.calls import Lookups
from reconciler.load.hcls import consoles, states
from reconciler.plugin import Enumerable

if TYPE_CHECKING:
    from reconciler.api.evaluations import Evaluation


def evaluated(files: Evaluation, text: str, name: str, later: str | None = None) -> Marked:
    """Evaluate an expression of HCL in the project's scope. Raises HclError, ResolveError, KnownLater.

    `later` stands for what is known later, in place of KnownLater.
    """
    _ = files.settings
    session, instances = files.session, files.instances
    while True:
        lookups = Lookups(instances.functions, session.known)
        value = consoles.evaluate(text, name, files.project.document, lookups, files.options, later)
        if value is not None:
            return value
        session.lookup_many(lookups.needs)


def completions(files: Evaluation, prefix: str) -> tuple[str, ...]:
    """Give what an expression may go on with: functions, and addresses of resolvers that list what they hold."""
    instances = files.instances
    names = {f"{name}(" for name in (*functions.names(), *instances.functions)}
    found = {name for name in names if name.startswith(prefix)}
    # A state that cannot be read, or told, completes nothing.
    with suppress(ResolveError, ConfigError, Fault):
        resolver = instances.resolver(states.function(files.options))
        if isinstance(resolver, Enumerable):
            found.update(resolver.addresses(prefix))
    return tuple(sorted(found))
