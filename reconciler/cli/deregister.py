"""`reconciler deregister`: revisions that nothing uses."""

from __future__ import annotations

import click

from reconciler.cli import asking, exits, logs, options, patience, reports
from reconciler.errors import PlanError


def _revision(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if value and value != "latest" and not (value.isascii() and value.isdigit()):
        raise click.BadParameter(f"{value!r} is neither a number nor latest")
    return value


@click.command()
@options.common
@click.option("--dry-run", is_flag=True, help="Say what would be done and change nothing.")
@click.option(
    "--keeps", type=click.IntRange(1), metavar="N", help="All but the newest N of those that nothing uses."
)
@click.option("--revision", default="", metavar="N|latest", callback=_revision, help="This one.")
@click.option("--force", is_flag=True, help="Do not ask.")
@click.option("--delete", is_flag=True, help="Delete them afterwards, too.")
def command(
    common: options.Common, keeps: int | None, revision: str, *, dry_run: bool, force: bool, delete: bool
) -> int:
    """Deregister revisions, never one that a task, a deployment or a task set uses.

    Tasks count wherever they run in the project's cluster, whoever started them. With --delete also a revision is
    deleted that was deregistered before.

    \b
    Examples:
      reconciler deregister --keeps 5 --dry-run
      reconciler deregister --keeps 5 --force --delete
    """
    if (keeps is None) == (not revision):
        raise click.UsageError("give one of --keeps and --revision")
    from reconciler.engine import deregistering

    wish = deregistering.Wish(revision=revision, keeps=keeps or 0, delete=delete)
    with options.opened(common) as reconciler:
        with patience.told():
            plan = reconciler.deregistering(wish)
        for line in deregistering.describe(plan):
            options.write(reconciler.masker.text(line))
        count = len({*plan.deregisters, *plan.deletes})
        if not count:
            options.write("Nothing to deregister.")
        if dry_run or not count:
            return exits.OK
        what = f"{'Deregister' if plan.deregisters else 'Delete'} {_revisions(count)}"
        if not force:
            if not asking.confirmed(f"\n{what}? y or yes does it: ", ("y", "yes"), "pass --force"):
                logs.info("Nothing was deregistered.")
                return exits.ERROR
            now = reconciler.deregistering(wish)  # an answer may take its time
            if (now.deregisters, now.deletes) != (plan.deregisters, plan.deletes):
                what = "what uses the revisions has changed meanwhile; nothing was deregistered"
                raise PlanError(what, hint="run the command again")
        with reports.reporter(reconciler) as emit:
            reconciler.deregister(plan, emit=emit)
        done = [
            word for word, arns in (("deregistered", plan.deregisters), ("deleted", plan.deletes)) if arns
        ]
        logs.info(f"{_revisions(count)} {' and '.join(done)}.")
    return exits.OK


def _revisions(count: int) -> str:
    return "1 revision" if count == 1 else f"{count} revisions"
