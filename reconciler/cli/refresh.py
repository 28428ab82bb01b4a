"""`reconciler refresh`: new tasks of what runs."""

from __future__ import annotations

import click

from reconciler.cli import deploying, options, planning


@click.command()
@options.common
@planning.waiting
@click.option("--dry-run", is_flag=True, help="Show the plan and change nothing.")
@planning.on_failure
def command(common: options.Common, wait_until: str, on_failure: str, *, wait: bool, dry_run: bool) -> int:
    """Start new tasks of the revision that runs, and watch the rollout; nothing else changes.

    The same as `deploy --skip-task-definition --force-new-deployment --no-update-service`. The definition files are
    not read.

    \b
    Examples:
      reconciler refresh
      reconciler refresh --dry-run
      reconciler refresh --no-wait
    """
    from reconciler.engine.options import Options

    wanted = Options(skip_task_definition=True, force_new_deployment=True, update_service=False)
    return deploying.run(common, wanted, wait=wait, until=wait_until, dry_run=dry_run, on_failure=on_failure)
