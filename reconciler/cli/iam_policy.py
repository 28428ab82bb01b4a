"""`reconciler iam-policy`: the smallest policy for commands of the project."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from reconciler.cli import exits, options, patience, planning
from reconciler.core import permissions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.core.policies import Grant

DEFAULT = ("plan", "apply")


@click.command()
@click.argument("commands", nargs=-1, type=click.Choice(list(permissions.COMMANDS)), metavar="[COMMAND]...")
@options.common
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "table"]),
    default="json",
    show_default=True,
    help="The policy document, or what it allows on what.",
)
@click.option(
    "--account", metavar="ID", default="", help="Account in ARNs; else that of the files' ARNs, else *."
)
@click.option("--partition", metavar="NAME", default="", help="Partition in ARNs; else that of the region.")
@click.option(
    "--diagnosis/--without-diagnosis",
    default=True,
    help="With what is read to say why a rollout failed: tasks, log lines, targets.",
)
@click.option(
    "--unmanaged", is_flag=True, help="With what drift --unmanaged reads: all services of the cluster."
)
@click.option("--who", is_flag=True, help="With what drift --who reads: CloudTrail's event history.")
def command(
    common: options.Common,
    commands: tuple[str, ...],
    form: str,
    account: str,
    partition: str,
    *,
    diagnosis: bool,
    unmanaged: bool,
    who: bool,
) -> int:
    """Print the smallest IAM policy with which commands of the project can do their work: plan and apply by default.

    It follows from the files as they are evaluated now. AWS is asked for nothing but what they refer to. A flag that
    does another command's work takes that command's permissions: --on-failure rollback those of rollback,
    --allow-replace those of delete, flags of autoscaling those of scale.

    \b
    Examples:
      reconciler iam-policy
      reconciler iam-policy plan --without-diagnosis
      reconciler iam-policy apply rollback delete > policy.json
      reconciler iam-policy drift --unmanaged --who
      reconciler iam-policy verify --format table
    """
    from reconciler.core import policies

    with options.opened(common, aws=False) as reconciler:
        with patience.told():
            found = reconciler.grants(
                commands or DEFAULT,
                account=account,
                partition=partition,
                diagnosis=diagnosis,
                unmanaged=unmanaged,
                who=who,
            )
        if form == "json":
            document = policies.document(found)
            options.write(
                json.dumps(reconciler.masker.value(document, ours=True), indent=2, ensure_ascii=False)
            )
        else:
            from reconciler.render import tables

            rows = [_cells(grant, resource) for grant in found for resource in grant.resources]
            cells = [(row[0], reconciler.masker.text(row[1]), row[2]) for row in rows]
            options.write(tables.table(("ACTION", "RESOURCE", "CONDITION"), cells, planning.style(common)))
    return exits.OK


def _cells(grant: Grant, resource: str) -> Sequence[str]:
    return (grant.action, resource, ", ".join(f"{key} = {value}" for _, key, value in grant.conditions))
