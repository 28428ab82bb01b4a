"""`reconciler apply`: carry out a plan."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import asking, exits, fleets, logs, options, patience, planning
from reconciler.errors import PlanError, Where


@click.command()
@options.common
@fleets.choosing
@planning.shaping
@planning.rollback_events
@planning.waiting
@planning.on_failure
@click.option(
    "--keep-going", is_flag=True, help="Of many: when one fails, leave out only what depends on it."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["human", "json"]),
    default="human",
    show_default=True,
    help="Of many: what stands on stdout. json says what became of each.",
)
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
def command(
    common: options.Common,
    choice: fleets.Choice,
    wait_until: str,
    tasks: int | None,
    on_failure: str,
    rollback_events: tuple[str, ...],
    form: str,
    *,
    wait: bool,
    keep_going: bool,
    auto_approve: bool,
    skip_task_definition: bool,
    force_new_deployment: bool,
    force_register: bool,
    may_replace: bool,
    refresh: bool,
    strict: bool,
    show_sensitive: bool,
) -> int:
    """Show the plan, ask, carry it out, and watch the rollout. With a saved plan, do exactly that, without asking.

    With project files, or folders in which they are found, many are planned, approved together and carried out side by
    side, those first that others name in `depends_on`. When one fails, nothing more is begun.

    \b
    Exit codes: 0 applied, 1 error, 3 the rollout failed, 4 it was rolled back, 5 timed out, 6 another rollout
    took its place, 7 paused, 130 interrupted. Of many the code that all agree on that did not go well, else 1.

    \b
    Examples:
      reconciler apply
      reconciler apply --auto-approve --timeout 15m
      reconciler apply --auto-approve --on-failure rollback
      reconciler apply plan.json
      reconciler apply . --auto-approve --parallelism 4
      reconciler apply . --auto-approve --keep-going --format json | jq .summary
    """
    planning.insist_waiting(on_failure, wait=wait)
    saved = _plan_file(choice)
    if saved is not None:
        planning.unshaped(str(saved))
        return _saved(common, str(saved), wait_until, wait=wait, on_failure=on_failure)
    wanted = planning.plan_options(
        tasks=tasks,
        skip_task_definition=skip_task_definition,
        force_new_deployment=force_new_deployment,
        force_register=force_register,
        may_replace=may_replace,
        rollback_events=rollback_events,
        refresh=refresh,
    )
    if choice.several:
        if common.config and choice.named:
            raise click.UsageError(
                "--config is about one project: leave the paths out, or apply each for itself"
            )
        from reconciler.api.applying import Manner
        from reconciler.cli import applying

        manner = Manner(
            options=wanted,
            strict=strict,
            wait=wait,
            until=wait_until,
            timeout=common.timeout,
            on_failure=on_failure,
            keep_going=keep_going,
            follow=auto_approve,
        )
        return applying.apply(common, choice, manner, form=form, show_sensitive=show_sensitive)
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
        if not auto_approve:
            planning.show_asked(plan)
            if not _approved():
                logs.info("Not applied.")
                return exits.ERROR
        return planning.carry_out(
            reconciler, plan, common, wait=wait, until=wait_until, on_failure=on_failure
        )


_OF_MANY = ("only", "exclude", "changed_since", "shard", "parallelism", "keep_going", "form")
"""The flags that mean nothing to one project."""


def _plan_file(choice: fleets.Choice) -> Path | None:
    """Give the saved plan that is to be applied; None where projects are. click.UsageError for flags of the others."""
    alone = len(choice.paths) == 1
    plans = [
        path for path in choice.paths if not path.is_dir() and (alone or path.exists()) and _is_plan(path)
    ]
    if plans and not alone:
        other = next(str(path) for path in choice.paths if path != plans[0])
        raise click.UsageError(f"{plans[0]} is a saved plan, and applied alone: leave {other} out")
    if plans or not choice.several:
        context = click.get_current_context()
        for name in _OF_MANY:
            if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
                flag = next(each.opts[0] for each in context.command.params if each.name == name)
                raise click.UsageError(f"{flag} is about many projects: name their folder, `.` say")
    return plans[0] if plans else None


def _is_plan(path: Path) -> bool:
    """Tell a saved plan from a project file by what is in it; what is neither is a plan with something wrong."""
    from reconciler.core import planfiles
    from reconciler.load import project, sources

    if not path.is_file():
        # Else it is an entry of a file. What is no file may be a pipe, which can be read once.
        return "#" not in path.name
    text = sources.text(path)
    if planfiles.is_one(text):
        return True
    named = path.name in project.NAMES or path.suffix in sources.FORMATS.keys() - {".json"}
    return not (named or project.is_one(text))


def _approved() -> bool:
    hint = "pass --auto-approve, or save a plan with `plan --out FILE` and apply that"
    return asking.confirmed("\nApply this plan? Only yes does it: ", ("yes",), hint)


def _saved(common: options.Common, path: str, until: str, *, wait: bool, on_failure: str) -> int:
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
