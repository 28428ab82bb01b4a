"""`reconciler rollback`: go back to what completed before."""

from __future__ import annotations

import click

from reconciler.cli import exits, logs, options, patience, planning, reports


@click.command()
@options.common
@planning.waiting
@click.option("--dry-run", is_flag=True, help="Say what would be done and change nothing.")
@click.option(
    "--to", metavar="REV", default="", help="Go to this registered revision: its number, or its ARN."
)
@click.option(
    "--deregister-task-definition/--no-deregister-task-definition",
    "deregister",
    default=True,
    show_default=True,
    help="Deregister the revision that was rolled back from, once nothing of it is left.",
)
@planning.rollback_events
def command(
    common: options.Common,
    wait_until: str,
    to: str,
    rollback_events: tuple[str, ...],
    *,
    wait: bool,
    dry_run: bool,
    deregister: bool,
) -> int:
    """Go back to what completed before, without asking, as ecspresso does.

    A rollout that runs is stopped, and ECS goes back to the service revision before; one that failed is undone to the
    last service revision that completed; where ECS went back by itself there is nothing left to do. Of what has
    completed the task definition alone goes back: to the revision of the last service deployment before that completed,
    else to the newest registered one before. With --to the service is updated to that revision.

    \b
    Exit codes: 0 rolled back, 1 error or nothing to go back to, 3 the rollback failed, 4 ECS rolled it back,
    5 timed out, 6 another rollout took its place, 7 paused, 130 interrupted.

    \b
    Examples:
      reconciler rollback --dry-run
      reconciler rollback
      reconciler rollback --to 1 --no-deregister-task-definition --no-wait
    """
    if deregister and not wait:
        raise click.UsageError(
            "--no-wait leaves nobody to deregister the revision: add --no-deregister-task-definition"
        )
    from reconciler.engine import ways

    wish = ways.Wish(to=to, deregister=deregister, events=rollback_events)
    with options.opened(common) as reconciler:
        with patience.told():
            way = reconciler.undoing(wish)
        for line in ways.describe(way):
            options.write(reconciler.masker.text(line))
        if dry_run:
            for note in way.notes:
                logs.warning(reconciler.masker.text(note))
            return exits.OK
        with reports.reporter(reconciler) as emit:
            outcome = reconciler.rollback(way, emit=emit, wait=wait, until=wait_until, timeout=common.timeout)
        from reconciler.cli import failing

        return failing.through(reconciler, common, outcome, "Rolled back" if wait else "Sent")
