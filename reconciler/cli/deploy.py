"""`reconciler deploy`: ecspresso's command, with its flags."""

from __future__ import annotations

import click

from reconciler.cli import deploying, options, planning


@click.command()
@options.common
@planning.waiting
@click.option("--dry-run", is_flag=True, help="Show the plan and change nothing.")
@deploying.tasks
@click.option("--skip-task-definition", is_flag=True, help="Leave the task definition as it runs.")
@click.option("--revision", type=click.IntRange(0), metavar="N", help="Run this registered revision; 0 none.")
@click.option("--latest-task-definition", is_flag=True, help="Run the newest registered revision.")
@click.option("--force-new-deployment", is_flag=True, help="Start new tasks even if nothing changed.")
@click.option(
    "--force-register", is_flag=True, help="Register a revision even if nothing changed, as ecspresso does."
)
@click.option(
    "--allow-replace", "may_replace", is_flag=True, help="Delete and create anew what no update changes."
)
@click.option("--update-service/--no-update-service", default=True, help="Apply the service definition too.")
@deploying.autoscaling
@planning.rollback_events
@planning.on_failure
def command(
    common: options.Common,
    wait_until: str,
    tasks: int | None,
    revision: int | None,
    auto_scaling_min: int | None,
    auto_scaling_max: int | None,
    rollback_events: tuple[str, ...],
    on_failure: str,
    *,
    wait: bool,
    dry_run: bool,
    skip_task_definition: bool,
    latest_task_definition: bool,
    force_new_deployment: bool,
    force_register: bool,
    may_replace: bool,
    update_service: bool,
    suspend_auto_scaling: bool,
    resume_auto_scaling: bool,
) -> int:
    """Plan and apply without asking, with ecspresso's flags.

    A revision is registered only when the task definition changed; --force-register insists.

    \b
    Examples:
      reconciler deploy
      reconciler deploy --dry-run
      reconciler deploy --tasks 4 --skip-task-definition --no-update-service
      reconciler deploy --suspend-auto-scaling
    """
    if revision and latest_task_definition:
        raise click.UsageError("--revision and --latest-task-definition exclude each other")
    from reconciler.engine.options import Options

    wanted = Options(
        skip_task_definition=skip_task_definition,
        revision=str(revision) if revision else "latest" if latest_task_definition else "",
        update_service=update_service,
        force_new_deployment=force_new_deployment,
        force_register=force_register,
        may_replace=may_replace,
        desired_count=tasks if tasks != -1 else None,  # the peer's default
        scaling=deploying.scaling(
            suspend_auto_scaling, resume_auto_scaling, auto_scaling_min, auto_scaling_max
        ),
        rollback_events=rollback_events,
    )
    return deploying.run(common, wanted, wait=wait, until=wait_until, dry_run=dry_run, on_failure=on_failure)
