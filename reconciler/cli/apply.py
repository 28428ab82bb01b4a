"""`reconciler apply`: carry out a plan."""

from __future__ import annotations

import sys

import click

from reconciler.cli import asking, exits, logs, options, patience, planning
from reconciler.errors import PlanError, Where


@click.command()
@click.argument("plan_file", metavar="[PLAN]", required=False)
@options.common
@planning.shaping
@planning.rollback_events
@planning.waiting
@planning.on_failure
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
def command(
    common: options.Common,
    plan_file: str | None,
    wait_until: str,
    tasks: int | None,
    on_failure: str,
    rollback_events: tuple[str, ...],
    *,
    wait: bool,
    auto_approve: bool,
    skip_task_definition: bool,
    force_new_deployment: bool,
    force_register: bool,
    may_replace: bool,
    refresh: bool,
    strict: bool,
    show_sensitive: bool,
) -> int:
    """Show the plan, ask, carry it out, and watch the rollout. With a saved PLAN, do exactly that, without asking.

    \b
    Exit codes: 0 applied, 1 error, 3 the rollout failed, 4 it was rolled back, 5 timed out, 6 another rollout
    took its place, 7 paused, 130 interrupted.

    \b
    Examples:
      reconciler apply
      reconciler apply --auto-approve --timeout 15m
      reconciler apply --auto-approve --on-failure rollback
      reconciler apply plan.json
    """
    planning.insist_waiting(on_failure, wait=wait)
    if plan_file is not None:
        planning.unshaped(plan_file)
        return _saved(common, plan_file, wait_until, wait=wait, on_failure=on_failure)
    wanted = planning.plan_options(
        tasks=tasks,
        skip_task_definition=skip_task_definition,
        force_new_deployment=force_new_deployment,
        force_register=force_register,
        may_replace=may_replace,
        rollback_events=rollback_events,
        refresh=refresh,
    )
    with options.opened(common, show_sensitive=show_sensitive) as reconciler:
        with patience.told():
            plan = reconciler.plan(wanted, strict=strict)
        planning.show(plan, common)
        if planning.refused(plan):
            return exits.ERROR
        planning.insist_applyable(plan)
        if not plan.changes:
            return planning.unchanged(
                reconciler, plan, common, wait=wait, until=wait_until, on_failure=on_failure
            )
        if not auto_approve and sys.stdin.isatty() and not sys.stdout.isatty():
            from reconciler.render import human

            sys.stderr.write(human.plan(plan))  # nobody should say yes to what went into a file
        if not auto_approve and not _approved():
            logs.info("Not applied.")
            return exits.ERROR
        return planning.carry_out(
            reconciler, plan, common, wait=wait, until=wait_until, on_failure=on_failure
        )


def _approved() -> bool:
    hint = "pass --auto-approve, or save a plan with `plan --out FILE` and apply that"
    return asking.confirmed("\nApply this plan? Only yes does it: ", ("yes",), hint)


def _saved(common: options.Common, path: str, until: str, *, wait: bool, on_failure: str) -> int:
    from pathlib import Path

    from reconciler.core.plans import Plan
    from reconciler.load import sources

    try:
        plan = Plan.from_json(sources.text(Path(path)))
    except PlanError as error:
        error.where = Where(path)
        raise
    planning.insist_applyable(plan)
    with options.opened(common) as reconciler:
        if not plan.changes:
            options.write("The plan has no changes.")
            return exits.OK
        return planning.carry_out(reconciler, plan, common, wait=wait, until=until, on_failure=on_failure)
