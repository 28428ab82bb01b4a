"""`reconciler run`: a task that no service starts."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import diagnoses, exits, logs, options, patience, planning, reports
from reconciler.errors import ConfigError

if TYPE_CHECKING:
    from reconciler.api import Reconciler
    from reconciler.core.events import Event
    from reconciler.core.values import JsonObject
    from reconciler.engine.running import Ran, Request, Wish

    Emit = Callable[[Event], None]

_NEW = "(new revision)"


def _tags(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[tuple[str, str], ...]:
    """Read `K=V,K=V`."""
    pairs = [entry.partition("=") for entry in value.split(",") if entry]
    for key, sign, _ in pairs:
        if not sign or not key:
            raise click.BadParameter(f"{value!r} is not of the form K=V,K=V")
    return tuple((key, held) for key, _, held in pairs)


@click.command()
@options.common
@click.option("--dry-run", is_flag=True, help="Print what would be sent to RunTask and change nothing.")
@click.option(
    "--task-def",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Another task definition than the project's.",
)
@click.option("--wait/--no-wait", default=True, help="Stay until the tasks have ended; on by default.")
@click.option(
    "--wait-until",
    type=click.Choice(["running", "stopped"]),
    default="stopped",
    show_default=True,
    help="What to wait for.",
)
@click.option("--overrides", metavar="JSON", default="", help="A TaskOverride, such as other commands.")
@click.option(
    "--overrides-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The same in a file, evaluated as definitions are.",
)
@click.option("--skip-task-definition", is_flag=True, help="Run what the service runs; register nothing.")
@click.option("--latest-task-definition", is_flag=True, help="Run the newest registered revision.")
@click.option(
    "--revision", type=click.IntRange(0), metavar="N", default=0, help="Run this registered revision."
)
@click.option("--count", type=click.IntRange(1, 10), default=1, show_default=True, help="How many tasks.")
@click.option(
    "--watch-container",
    metavar="NAME",
    default="",
    help="Whose lines and exit code to give; by default the first essential container's.",
)
@click.option(
    "--propagate-tags",
    type=click.Choice(["SERVICE", "TASK_DEFINITION", "NONE"], case_sensitive=False),
    default="NONE",
    help="Whose tags the tasks get.",
)
@click.option("--tags", metavar="K=V,…", default="", callback=_tags, help="More tags of the tasks.")
@click.option(
    "--client-token", metavar="TOKEN", default="", help="With the same token tasks are started once."
)
@click.option(
    "--ebs-delete-on-termination/--no-ebs-delete-on-termination",
    default=True,
    help="Delete EBS volumes with their tasks; on by default.",
)
def command(
    common: options.Common,
    task_def: Path | None,
    wait_until: str,
    overrides: str,
    overrides_file: Path | None,
    revision: int,
    count: int,
    watch_container: str,
    propagate_tags: str,
    tags: tuple[tuple[str, str], ...],
    client_token: str,
    *,
    dry_run: bool,
    wait: bool,
    skip_task_definition: bool,
    latest_task_definition: bool,
    ebs_delete_on_termination: bool,
) -> int:
    """Run a task with the service's settings, give what a container writes, and exit with its exit code.

    A revision is registered only when the task definition changed. The lines of the container are on stdout.

    \b
    Examples:
      reconciler run --dry-run
      reconciler run --latest-task-definition --no-wait
      reconciler run --overrides '{"containerOverrides": [{"name": "httpd-app", "command": ["ls"]}]}' --dry-run
      reconciler run --latest-task-definition --wait-until running
    """
    if overrides and overrides_file is not None:
        raise click.UsageError("--overrides and --overrides-file exclude each other")
    from reconciler.engine.running import Wish

    with options.opened(common) as reconciler:
        if task_def is not None:
            reconciler.use_task_definition(task_def)
        limit = common.timeout if common.timeout is not None else reconciler.settings.timeout
        wish = Wish(
            overrides=reconciler.overrides(overrides, overrides_file),
            count=count,
            watch=watch_container,
            propagate="" if propagate_tags == "NONE" else propagate_tags.upper(),
            tags=tags,
            client_token=client_token,
            deletes_volumes=ebs_delete_on_termination,
            until=wait_until,
            timeout=limit,
        )
        which = str(revision or "") or (
            "latest" if latest_task_definition else "running" if skip_task_definition else ""
        )
        asked = _asked(reconciler, common, wish, which, dry_run=dry_run)
        if asked is None:
            return exits.ERROR
        if dry_run:
            shown = reconciler.masker.described(asked.body)
            options.write(json.dumps(shown, indent=2, ensure_ascii=False))
            return exits.OK
        return _run(reconciler, asked, wish, wait=wait)


def _asked(
    reconciler: Reconciler, common: options.Common, wish: Wish, which: str, *, dry_run: bool
) -> Request | None:
    """Make the request, registering a revision first where one is new; None where that is refused."""
    if which:
        with patience.told():
            return reconciler.request(reconciler.revision_to_run(which), wish)
    settings = reconciler.settings
    if settings.task_definition is None:
        raise ConfigError(
            "the project names no task definition",
            settings.resolved.where(()),
            "run the one that the service runs: --skip-task-definition; or name a file: --task-def FILE",
        )
    from reconciler.engine.options import Options

    with patience.told():
        plan = reconciler.plan(Options(service=False))
    if planning.refused(plan):
        planning.show(plan, common)
        return None
    unit = plan.units[0]
    revision = unit.live
    if plan.changes:
        planning.insist_applyable(plan)
        # What does not fit is refused before anything is registered.
        asked = reconciler.request(f"{unit.name}:{_NEW}", wish, unit.desired)
        if dry_run:
            return asked
        with reports.reporter(reconciler) as emit:
            revision = reconciler.apply(plan, emit=emit).revision or revision
    return reconciler.request(revision, wish)


def _run(reconciler: Reconciler, asked: Request, wish: Wish, *, wait: bool) -> int:
    ran = reconciler.run(asked, wish, emit=_emit(reconciler, wish.count), wait=wait)
    if not wait:
        logs.info(f"Started {_named(ran.tasks)}.", tasks=[str(task["taskArn"]) for task in ran.tasks])
        return exits.ERROR if ran.failures else exits.OK
    return _ended(reconciler, ran, asked, wish)


def _named(tasks: Iterable[JsonObject]) -> str:
    from reconciler.core.tasks import task_id

    return ", ".join(map(task_id, tasks))


def _emit(reconciler: Reconciler, count: int) -> Emit:
    """Give what reports: lines of the container on stdout, everything else on stderr."""
    from reconciler.core.events import LogLine

    say = reports.lines(reconciler)

    def emit(event: Event) -> None:
        if isinstance(event, LogLine):
            whose = f"{event.task[:8]} " if count > 1 else ""
            sys.stdout.write(f"{whose}{reconciler.masker.text(event.text)}\n")
            sys.stdout.flush()
        else:
            say(event)

    return emit


def _ended(reconciler: Reconciler, ran: Ran, asked: Request, wish: Wish) -> int:
    """Say how it ended; the exit code is the container's, where it has one."""
    from reconciler.core import tasks
    from reconciler.core.outcomes import Ending

    if ran.ending is Ending.TIMED_OUT:
        left = [task for task in ran.tasks if not tasks.ended(task)]
        logs.failed(
            f"timed out after {wish.timeout:g} s; {_named(left)} run{'s' * (len(left) == 1)} on\n"
            "  try: `reconciler tasks stop --id ID` stops it, --timeout waits longer"
        )
        return exits.of(Ending.TIMED_OUT)
    if ran.ending is Ending.SUCCEEDED and wish.until == "running":
        logs.info(f"Running: {_named(ran.tasks)}.")
        return exits.OK if not ran.failures else exits.ERROR
    if ran.code is None or ran.ending is Ending.FAILED:
        found = reconciler.explained(ran.tasks, asked.definition)
        if found.causes:
            diagnoses.say(found, f"task.{reconciler.settings.cluster}/{_named(ran.tasks)}")
        lacking = [task for task in ran.tasks if tasks.exit_code(task, asked.watch) is None]
        logs.failed(f"`{asked.watch}` did not run to its end: {tasks.why((lacking or ran.tasks)[0])}")
        return exits.ERROR
    (logs.info if ran.code == 0 else logs.warning)(f"`{asked.watch}` ended with exit code {ran.code}.")
    return ran.code or (exits.ERROR if ran.failures else exits.OK)
