"""`reconciler status`: the service as AWS shows it."""

from __future__ import annotations

import sys

import click

from reconciler.cli import described, exits, logs, options, planning


@click.command()
@options.common
@click.option(
    "--events", type=click.IntRange(0), default=10, show_default=True, help="How many service events."
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Output."
)
def command(common: options.Common, events: int, form: str) -> int:
    """Show the service: its deployments, how many tasks run, how far a rollout is, newest events, why one fails.

    \b
    Examples:
      reconciler status
      reconciler status --events 30
      reconciler status --format json | jq .deployments
    """
    with options.opened(common) as reconciler:
        if form == "json":
            from reconciler.render import statuses

            body = reconciler.status()
            newest = statuses.newest(body, events)[::-1]  # the newest first, as AWS gives them
            described.write(reconciler, {**body, "events": newest})
        else:
            from reconciler.core import diagnosis
            from reconciler.core.events import Event, RolloutProgress, Warned
            from reconciler.render import diagnoses, pieces, statuses

            told: list[Event] = []
            service = reconciler.status(emit=told.append)
            rollout = next((each for each in told if isinstance(each, RolloutProgress)), None)
            glyphs = pieces.glyphs(sys.stdout.encoding)
            shown = statuses.text(service, events, rollout, planning.style(common), glyphs)
            options.write(reconciler.masker.text(shown))
            for each in told:
                if isinstance(each, Warned):
                    logs.warning(each.what)
            if diagnosis.failing(service, reconciler.clock.now()):
                options.write(diagnoses.text(reconciler.diagnose(), planning.style(common)))
    return exits.OK
