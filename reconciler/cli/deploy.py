"""`reconciler deploy`: ecspresso's command, with its flags."""

from __future__ import annotations

import click

from reconciler.cli import exits, options, patience, planning


@click.command()
@options.common
@planning.waiting
@click.option("--dry-run", is_flag=True, help="Show the plan and change nothing.")
@click.option(
    "--tasks",
    type=click.IntRange(-1),
    metavar="N",
    help="Desired count, in place of the file's; -1 is the file's.",
)
@click.option("--skip-task-definition", is_flag=True, help="Leave the task definition as it runs.")
@click.option("--revision", type=click.IntRange(1), metavar="N", help="Run this registered revision.")
@click.option("--latest-task-definition", is_flag=True, help="Run the newest registered revision.")
@click.option("--force-new-deployment", is_flag=True, help="Start new tasks even if nothing changed.")
@click.option(
    "--force-register", is_flag=True, help="Register a revision even if nothing changed, as ecspresso does."
)
@click.option(
    "--allow-replace", "may_replace", is_flag=True, help="Delete and create anew what no update changes."
)
@click.option("--update-service/--no-update-service", default=True, help="Apply the service definition too.")
@click.option(
    "--suspend-auto-scaling/--no-suspend-auto-scaling",
    default=False,
    help="Stop what scales the service before anything else is done.",
)
@click.option(
    "--resume-auto-scaling/--no-resume-auto-scaling",
    default=False,
    help="Let it go on.",
)
@click.option(
    "--auto-scaling-min", type=click.IntRange(0), metavar="N", help="Fewest tasks that it scales to."
)
@click.option("--auto-scaling-max", type=click.IntRange(0), metavar="N", help="Most tasks that it scales to.")
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
    planning.insist_waiting(on_failure, wait=wait)
    if suspend_auto_scaling and resume_auto_scaling:
        raise click.UsageError("--suspend-auto-scaling and --resume-auto-scaling exclude each other")
    if revision and latest_task_definition:
        raise click.UsageError("--revision and --latest-task-definition exclude each other")
    from reconciler.engine.options import Options, Scaling

    scaling = Scaling(
        suspend=True if suspend_auto_scaling else False if resume_auto_scaling else None,
        minimum=auto_scaling_min,
        maximum=auto_scaling_max,
    )
    wanted = Options(
        skip_task_definition=skip_task_definition,
        revision=str(revision) if revision else "latest" if latest_task_definition else "",
        update_service=update_service,
        force_new_deployment=force_new_deployment,
        force_register=force_register,
        may_replace=may_replace,
        desired_count=tasks if tasks != -1 else None,  # the peer's default
        scaling=scaling if scaling != Scaling() else None,
        rollback_events=rollback_events,
    )
    with options.opened(common) as reconciler:
        with patience.told():
            plan = reconciler.plan(wanted)
        planning.show(reconciler, plan, "human", common)
        if planning.refused(plan):
            return exits.ERROR
        if dry_run:
            return exits.OK
        planning.insist_applyable(plan)
        if not plan.changes:
            return planning.unchanged(
                reconciler, plan, common, wait=wait, until=wait_until, on_failure=on_failure
            )
        return planning.carry_out(
            reconciler, plan, common, wait=wait, until=wait_until, on_failure=on_failure
        )
