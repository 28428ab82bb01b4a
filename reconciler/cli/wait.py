"""`reconciler wait`: watch the rollout that is running."""

from __future__ import annotations

import click

from reconciler.cli import options, planning


@click.command()
@options.common
@planning.wait_until
def command(common: options.Common, wait_until: str) -> int:
    """Wait for the rollout that is running now. Exits at once if there is none, with apply's exit codes.

    \b
    Examples:
      reconciler wait
      reconciler wait --wait-until stable --timeout 20m
      reconciler wait --wait-until ecs:BAKE_TIME
    """
    with options.opened(common) as reconciler:
        return planning.watch(reconciler, common, until=wait_until)
