"""`reconciler render`: the evaluated files."""

from __future__ import annotations

import json

import click

from reconciler.cli import exits, options

_TARGETS = {
    "config": "config",
    "task-definition": "task_definition",
    "taskdef": "task_definition",
    "service-definition": "service",
    "servicedef": "service",
}


@click.command()
@click.argument("targets", nargs=-1, type=click.Choice(list(_TARGETS)), required=True)
@options.common
@click.option("--canonical", is_flag=True, help="Print the canonical form: what is compared.")
@click.option("--show-sensitive", is_flag=True, help="Print secrets instead of marks.")
def command(
    common: options.Common, targets: tuple[str, ...], *, canonical: bool, show_sensitive: bool
) -> int:
    """Print evaluated files as JSON: config, task-definition (taskdef), service-definition (servicedef).

    \b
    Examples:
      reconciler render task-definition
      reconciler render config servicedef
      reconciler render taskdef --canonical
    """
    with options.opened(common, show_sensitive=show_sensitive, aws=False) as reconciler:
        for target in targets:
            document = reconciler.rendered(_TARGETS[target], canonical=canonical)
            options.write(json.dumps(document, indent=2, ensure_ascii=False))
    return exits.OK
