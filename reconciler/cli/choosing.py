"""Choosing a task of the family, and a container of a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli import options, patience, picking
from reconciler.errors import PlanError

if TYPE_CHECKING:
    from reconciler.api import Reconciler
    from reconciler.core.values import JsonObject


def task(reconciler: Reconciler, common: options.Common, named: str, *, running: bool = False) -> JsonObject:
    """Give the task whose id begins so, else one that the user chooses. PlanError where there is none."""
    from reconciler.core.tasks import ended, task_id
    from reconciler.render import tasks

    with patience.told():
        found = {task_id(each): each for each in reconciler.tasks() if not (running and ended(each))}
    fitting = {
        name: "  ".join(tasks.item(each).cells) for name, each in found.items() if name.startswith(named)
    }
    what = "running task" if running else "task"
    if found and not fitting:
        raise PlanError(f"no {what}'s id begins with {named}; there are:\n{picking.listed(found)}")
    key = picking.pick(
        what, fitting, option="--id", filter_command=options.filter_command(common, reconciler)
    )
    return found[key]


def container(reconciler: Reconciler, common: options.Common, task: JsonObject, named: str) -> str:
    """Give the name of a container of a task: the one named, else the only one, else one that the user chooses."""
    from reconciler.core import sessions

    if named:
        return named
    names = {name: name for name in sorted(sessions.names(task))}
    chooses = options.filter_command(common, reconciler)
    return picking.pick("container", names, option="--container", filter_command=chooses)
