"""`reconciler deploy`: ecspresso's command, with its flags."""

from __future__ import annotations

import click

from reconciler.cli import exits, options, patience, planning

_NOT_YET = (
    "suspend_auto_scaling",
    "resume_auto_scaling",
    "auto_scaling_min",
    "auto_scaling_max",
    "rollback_events",
)


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
@click.option("--update-service/--no-update-service", default=True, help="Apply the service definition too.")
@click.option("--suspend-auto-scaling/--no-suspend-auto-scaling", default=None, hidden=True)
@click.option("--resume-auto-scaling/--no-resume-auto-scaling", default=None, hidden=True)
@click.option("--auto-scaling-min", type=int, hidden=True)
@click.option("--auto-scaling-max", type=int, hidden=True)
@click.option("--rollback-events", hidden=True)
def command(
    common: options.Common,
    wait_until: str,
    tasks: int | None,
    revision: int | None,
    *,
    wait: bool,
    dry_run: bool,
    skip_task_definition: bool,
    latest_task_definition: bool,
    force_new_deployment: bool,
    force_register: bool,
    update_service: bool,
    **later: object,
) -> int:
    """Plan and apply without asking, with ecspresso's flags.

    A revision is registered only when the task definition changed; --force-register insists.

    \b
    Examples:
      reconciler deploy
      reconciler deploy --dry-run
      reconciler deploy --tasks 4 --skip-task-definition --no-update-service
    """
    for name in _NOT_YET:
        asked = later.get(name)
        if asked is not None and asked is not False:  # 0 is a number to scale to
            raise click.UsageError(f"--{name.replace('_', '-')} is not supported yet; nothing was changed")
    if revision and latest_task_definition:
        raise click.UsageError("--revision and --latest-task-definition exclude each other")
    from reconciler.engine.options import Options

    wanted = Options(
        skip_task_definition=skip_task_definition,
        revision=str(revision) if revision else "latest" if latest_task_definition else "",
        update_service=update_service,
        force_new_deployment=force_new_deployment,
        force_register=force_register,
        desired_count=tasks if tasks != -1 else None,  # the peer's default
    )
    with options.opened(common) as reconciler:
        with patience.told():
            plan = reconciler.plan(wanted)
        planning.show(reconciler, plan, "human", common)
        if planning.refused(plan):
            return exits.ERROR
        if dry_run:
            return exits.OK
        if not plan.changes:
            return planning.unchanged(reconciler, plan, common, wait=wait, until=wait_until)
        return planning.carry_out(reconciler, plan, common, wait=wait, until=wait_until)
