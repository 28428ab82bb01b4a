"""`reconciler continue`: answer the PAUSE hook that holds a rollout."""

from __future__ import annotations

import click

from reconciler.cli import options, planning, reports


@click.command("continue")
@options.common
@planning.waiting
@click.option("--rollback", is_flag=True, help="Have the rollout go back instead.")
@click.option("--hook", metavar="ID", default="", help="Answer this hook, where several wait.")
def command(common: options.Common, wait_until: str, hook: str, *, wait: bool, rollback: bool) -> int:
    """Let the rollout go on that a PAUSE hook holds, and wait for it. An error if none is paused.

    \b
    Exit codes: 0 done, or gone back with --rollback; else those of `reconciler wait`: 7 if it is paused again.

    \b
    Examples:
      reconciler continue
      reconciler continue --rollback
      reconciler continue --wait-until ecs:BAKE_TIME --timeout 20m
    """
    from reconciler.cli import failing

    with options.opened(common) as reconciler:
        with reports.reporter(reconciler) as emit:
            outcome = reconciler.resume(
                hook, rollback=rollback, emit=emit, wait=wait, until=wait_until, timeout=common.timeout
            )
        done = "Rolled back" if rollback else "The rollout completed"
        return failing.through(reconciler, common, outcome, done if wait else "Answered", timed=rollback)
