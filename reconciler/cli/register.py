"""`reconciler register`: a revision of the task definition, that nothing runs yet."""

from __future__ import annotations

import json

import click

from reconciler.cli import described, exits, logs, options, patience, planning, reports
from reconciler.errors import ConfigError


@click.command()
@options.common
@click.option("--dry-run", is_flag=True, help="Show what would be registered and change nothing.")
@click.option("--output", is_flag=True, help="Print the registered task definition as JSON.")
@click.option(
    "--force-register", is_flag=True, help="Register a revision even if nothing changed, as ecspresso does."
)
@click.option("--show-sensitive", is_flag=True, help="Print secrets instead of marks.")
def command(
    common: options.Common, *, dry_run: bool, output: bool, force_register: bool, show_sensitive: bool
) -> int:
    """Register a revision of the task definition; the service keeps what it runs.

    Where the newest revision is equal, nothing is registered, and that one is printed with --output; with --dry-run
    it prints what would be sent.

    \b
    Examples:
      reconciler register --dry-run
      reconciler register --output | jq .taskDefinitionArn
    """
    from reconciler.engine.options import Options

    with options.opened(common, show_sensitive=show_sensitive) as reconciler:
        if reconciler.settings.task_definition is None:
            where = reconciler.settings.resolved.where(())
            hint = "add `task_definition: FILE`"
            if reconciler.settings.express_definition is not None:
                hint = "ECS makes that of an Express Mode service: change its definition, and `reconciler deploy`"
            raise ConfigError("the project names no task definition", where, hint)
        with patience.told():
            plan = reconciler.plan(Options(service=False, force_register=force_register))
        if not output and plan.changes:
            planning.show(plan, common)
        if planning.refused(plan):
            return exits.ERROR
        if dry_run and output:
            shown = reconciler.rendered("task_definition")
            options.write(json.dumps(shown, indent=2, ensure_ascii=False))
        arn = plan.units[0].live
        if not dry_run and plan.changes:
            planning.insist_applyable(plan)
            with reports.reporter(reconciler) as emit:
                arn = reconciler.apply(plan, emit=emit).revision or arn
            logs.info(f"{_short(arn)} is registered.")
        elif not plan.changes:
            logs.info(f"{_short(arn)} is registered already, and equal.")
        if output and not dry_run:
            described.definition(reconciler, reconciler.revision(arn.rpartition(":")[2]))
    return exits.OK


def _short(arn: str) -> str:
    from reconciler.core.revisions import short

    return short(arn)
