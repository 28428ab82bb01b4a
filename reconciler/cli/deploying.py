"""What `deploy`, `scale` and `refresh` share: the flags about autoscaling, and deploying without asking."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import click

from reconciler.cli import exits, options, patience, planning

if TYPE_CHECKING:
    from reconciler.engine.options import Options, Scaling

tasks: Final = click.option(
    "--tasks",
    type=click.IntRange(-1),
    metavar="N",
    help="Desired count, in place of any other; -1 as if it were not given.",
)
"""The flag that sets the number of tasks, with what the peer takes for none."""


def autoscaling(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the flags about the service's scalable target."""
    for option in reversed((
        click.option(
            "--suspend-auto-scaling/--no-suspend-auto-scaling",
            default=False,
            help="Stop what scales the service before anything else is done.",
        ),
        click.option("--resume-auto-scaling/--no-resume-auto-scaling", default=False, help="Let it go on."),
        click.option("--auto-scaling-min", type=click.IntRange(0), metavar="N", help="Fewest tasks that it scales to."),
        click.option("--auto-scaling-max", type=click.IntRange(0), metavar="N", help="Most tasks that it scales to."),
    )):  # fmt: skip
        function = option(function)
    return function


def scaling(suspend: bool, resume: bool, minimum: int | None, maximum: int | None) -> Scaling | None:
    """Turn these flags into what becomes of the scalable target, None where nothing does. click.UsageError."""
    if suspend and resume:
        raise click.UsageError("--suspend-auto-scaling and --resume-auto-scaling exclude each other")
    from reconciler.engine.options import Scaling

    wanted = Scaling(suspend=True if suspend else False if resume else None, minimum=minimum, maximum=maximum)
    return wanted if wanted != Scaling() else None


def run(
    common: options.Common,
    wanted: Options,
    *,
    wait: bool,
    until: str,
    dry_run: bool,
    on_failure: str,
    same: str = "",
) -> int:
    """Plan, show the plan, and carry it out unless it is a dry run; give the exit code. `same` is what to say of a plan
    in which there is nothing to do, in place of what files say.
    """
    planning.insist_waiting(on_failure, wait=wait)
    with options.opened(common) as reconciler:
        if wanted.skip_task_definition:
            reconciler.named_service()  # without one there is nothing that this could be about
        with patience.told():
            plan = reconciler.plan(wanted)
        planning.show(plan, common, same=same)
        if planning.refused(plan):
            return exits.ERROR
        if dry_run:
            return exits.OK
        planning.insist_applyable(plan)
        then = planning.carry_out if plan.changes else planning.unchanged
        return then(reconciler, plan, common, wait=wait, until=until, on_failure=on_failure)
