"""`reconciler delete`: the end of a service."""

from __future__ import annotations

import click

from reconciler.cli import asking, exits, logs, options, patience, reports


@click.command()
@options.common
@click.option("--dry-run", is_flag=True, help="Say what would be done and change nothing.")
@click.option("--force", is_flag=True, help="Do not ask.")
@click.option(
    "--terminate", is_flag=True, help="Stop its tasks: without it only a service that is to run none."
)
def command(common: options.Common, *, dry_run: bool, force: bool, terminate: bool) -> int:
    """Delete the service, once its name was typed. What it was made of stays.

    \b
    Examples:
      reconciler delete --terminate --dry-run
      reconciler delete --terminate --force
    """
    with options.opened(common) as reconciler:
        with patience.told():
            deletion = reconciler.deleting(terminate=terminate)
        from reconciler.engine import deleting

        for line in deleting.describe(deletion):
            options.write(reconciler.masker.text(line))
        if dry_run:
            return exits.OK
        question = f"\nType the name of the service, {deletion.service}, to delete it: "
        if not force and not asking.confirmed(question, (deletion.service,), "pass --force"):
            logs.info("Not deleted.")
            return exits.ERROR
        with reports.reporter(reconciler) as emit:
            after = reconciler.delete(deletion, emit=emit)
        until = " until its tasks have stopped" if after.get("status") == "DRAINING" else ""
        logs.info(f"Deleted. {deletion.cluster}/{deletion.service} is {after.get('status')}{until}.")
    return exits.OK
