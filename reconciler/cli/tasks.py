"""`reconciler tasks`: the tasks of the service's family, listed, shown, stopped, traced."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import click

from reconciler.cli import (
    asking,
    choosing,
    described,
    exits,
    listings,
    logs,
    options,
    patience,
    planning,
    tail,
)

if TYPE_CHECKING:
    from reconciler.core.values import JsonObject

_id: Final = click.option(
    "--id", "named", metavar="ID", default="", help="The task, by the beginning of its id."
)
_force: Final = click.option("--force", is_flag=True, help="Stop without asking.")
_EARLIER: Final = 60.0
"""For how many seconds before now the lines of a traced task are told, as by the peer."""


@click.group(invoke_without_command=True)
@options.common
@_id
@listings.output
@click.option("--find", is_flag=True, help="Show a task as JSON; the same as `tasks find`.")
@click.option("--stop", is_flag=True, help="Stop a task; the same as `tasks stop`.")
@_force
@click.option("--trace", is_flag=True, help="Tell the course of a task; the same as `tasks trace`.")
@click.pass_context
def command(
    context: click.Context,
    common: options.Common,
    named: str,
    output: str,
    *,
    find: bool,
    stop: bool,
    force: bool,
    trace: bool,
) -> int | None:
    """List tasks, or show, stop or trace one: those of the task definition's family, the service's and others.

    \b
    Examples:
      reconciler tasks
      reconciler tasks list --output tsv
      reconciler tasks trace --filter-command fzf
      reconciler tasks stop --filter-command fzf --force
    """
    if context.invoked_subcommand is not None:
        if find or stop or trace:
            raise click.UsageError(
                f"--find, --stop and --trace do not go with `{context.invoked_subcommand}`"
            )
        options.pass_on(context)
        return None
    if find + stop + trace > 1:
        raise click.UsageError("--find, --stop and --trace exclude each other")
    if find:
        return _find(common, named)
    if stop:
        return _stop(common, named, force=force)
    if trace:
        return _trace(common, named, _EARLIER)
    return _list(common, output, named)


def _subcommand(name: str, *more: Callable[..., Any]) -> Callable[[Callable[..., Any]], click.Command]:
    def decorate(function: Callable[..., Any]) -> click.Command:
        for option in reversed((options.common, *more)):
            function = option(function)
        return command.command(name)(function)

    return decorate


@_subcommand("list", listings.output)
def list_(common: options.Common, output: str) -> int:
    """List the tasks.

    \b
    Examples:
      reconciler tasks list --output tsv
    """
    return _list(common, output, "")


@_subcommand("find", _id)
def find(common: options.Common, named: str) -> int:
    """Show a task as JSON.

    \b
    Examples:
      reconciler tasks find --filter-command fzf | jq .containers
    """
    return _find(common, named)


@_subcommand("stop", _id, _force)
def stop(common: options.Common, named: str, *, force: bool) -> int:
    """Stop a task, after asking.

    \b
    Examples:
      reconciler tasks stop --filter-command fzf --force
    """
    return _stop(common, named, force=force)


@_subcommand(
    "trace",
    _id,
    click.option(
        "--duration",
        "earlier",
        metavar="DURATION",
        default="1m",
        callback=tail.seconds,
        help="For how long back lines are told.",
    ),
)
def trace(common: options.Common, named: str, earlier: float) -> int:
    """Tell the course of a task: its own times, the service's events about it, and what it wrote.

    \b
    Examples:
      reconciler tasks trace --duration 10m --filter-command fzf
    """
    return _trace(common, named, earlier)


@_subcommand("logs", _id, *tail.flags)
def logs_(common: options.Common, named: str, **how: Any) -> int:
    """Show what the containers of a task write.

    \b
    Examples:
      reconciler tasks logs --since 1h --container httpd-app --filter-command fzf
    """
    with options.opened(common) as reconciler:
        return tail.show(reconciler, only=_id_of(choosing.task(reconciler, common, named)), **how)


def _list(common: options.Common, output: str, named: str) -> int:
    with options.opened(common) as reconciler:
        from reconciler.render import tasks

        with patience.told():
            found = [task for task in reconciler.tasks() if _id_of(task).startswith(named)]
        items = [tasks.item(task) for task in found]
        if output == "json":
            items = [replace(item, body=described.shown(reconciler, item.body)) for item in items]
        listings.write(output, tasks.HEADINGS, items, common)
    return exits.OK


def _find(common: options.Common, named: str) -> int:
    with options.opened(common) as reconciler:
        described.write(reconciler, choosing.task(reconciler, common, named))
    return exits.OK


def _stop(common: options.Common, named: str, *, force: bool) -> int:
    with options.opened(common) as reconciler:
        task = choosing.task(reconciler, common, named, running=True)
        name = _id_of(task)
        question = f'Stop the task {name} of {task.get("group")}? Only "yes" stops it: '
        if not force and not asking.confirmed(question, ("yes", "y"), "--force stops it without asking"):
            logs.info("Nothing was stopped.")
            return exits.ERROR
        stopped = reconciler.stop_task(task, "stopped by `reconciler tasks stop`")
        logs.info(f"{name} is being stopped: {stopped.get('lastStatus')}.", task=str(task["taskArn"]))
    return exits.OK


def _trace(common: options.Common, named: str, earlier: float) -> int:
    with options.opened(common) as reconciler:
        task = choosing.task(reconciler, common, named)
        from reconciler.render import tasks

        with patience.told():
            moments = reconciler.trace(task, since=time.time() - earlier)
        options.write(reconciler.masker.text(tasks.course(moments, planning.style(common))))
    return exits.OK


def _id_of(task: JsonObject) -> str:
    from reconciler.core.tasks import task_id

    return task_id(task)
