"""`reconciler status`: the service as AWS shows it."""

from __future__ import annotations

import json

import click

from reconciler.cli import exits, options


@click.command()
@options.common
@click.option(
    "--events", type=click.IntRange(0), default=10, show_default=True, help="How many service events."
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Output."
)
def command(common: options.Common, events: int, form: str) -> int:
    """Show the service: its deployments, how many tasks run, its newest events.

    \b
    Examples:
      reconciler status
      reconciler status --events 30
      reconciler status --format json | jq .deployments
    """
    with options.opened(common) as reconciler:
        service = reconciler.status()
        if form == "json":
            options.write(json.dumps(service, indent=2, default=str, ensure_ascii=False))
        else:
            from reconciler.render import statuses

            options.write(reconciler.masker.text(statuses.text(service, events)))
    return exits.OK
