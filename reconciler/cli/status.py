"""`reconciler status`: the service as AWS shows it."""

from __future__ import annotations

import json

import click

from reconciler.cli import exits, options, planning


@click.command()
@options.common
@click.option(
    "--events", type=click.IntRange(0), default=10, show_default=True, help="How many service events."
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Output."
)
def command(common: options.Common, events: int, form: str) -> int:
    """Show the service: its deployments, how many tasks run, its newest events, and why a rollout fails.

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
            from reconciler.core import diagnosis
            from reconciler.render import diagnoses, statuses

            options.write(reconciler.masker.text(statuses.text(service, events)))
            if diagnosis.failing(service):
                options.write(diagnoses.text(reconciler.diagnose(), planning.style(common)))
    return exits.OK
