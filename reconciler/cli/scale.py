"""`reconciler scale`: the number of tasks, and the limits of what scales them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli import deploying, options, planning

if TYPE_CHECKING:
    from reconciler.engine.options import Options


@click.command()
@options.common
@planning.waiting
@click.option("--dry-run", is_flag=True, help="Show the plan and change nothing.")
@deploying.tasks
@deploying.autoscaling
@planning.on_failure
def command(
    common: options.Common,
    wait_until: str,
    tasks: int | None,
    auto_scaling_min: int | None,
    auto_scaling_max: int | None,
    on_failure: str,
    *,
    wait: bool,
    dry_run: bool,
    suspend_auto_scaling: bool,
    resume_auto_scaling: bool,
) -> int:
    """Set the number of tasks, and the limits of what scales them; nothing else changes.

    The same as `deploy --skip-task-definition --no-update-service`. The definition files are not read.

    \b
    Examples:
      reconciler scale --tasks 4
      reconciler scale --tasks 0 --suspend-auto-scaling
      reconciler scale --resume-auto-scaling --auto-scaling-min 2 --auto-scaling-max 10
    """
    from reconciler.engine.options import Options

    wanted = Options(
        skip_task_definition=True,
        update_service=False,
        desired_count=tasks if tasks != -1 else None,
        scaling=deploying.scaling(
            suspend_auto_scaling, resume_auto_scaling, auto_scaling_min, auto_scaling_max
        ),
    )
    return deploying.run(
        common,
        wanted,
        wait=wait,
        until=wait_until,
        dry_run=dry_run,
        on_failure=on_failure,
        same=_same(wanted),
    )


def _same(wanted: Options) -> str:
    """Say that what was asked for is so already."""
    so = [f"The desired count is {wanted.desired_count} already"] if wanted.desired_count is not None else []
    if wanted.scaling is not None:
        so.append("Of what scales the service there is nothing to change")
    return ". ".join(so or ["Neither a number of tasks nor a limit is given"]) + "."
