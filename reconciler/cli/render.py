"""`reconciler render`: the evaluated files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from reconciler.cli import exits, options

if TYPE_CHECKING:
    from reconciler.core.values import Json

_TARGETS = {
    "config": "config",
    "task-definition": "task_definition",
    "taskdef": "task_definition",
    "service-definition": "service",
    "servicedef": "service",
    "express-definition": "express_service",
    "expressdef": "express_service",
}


@click.command()
@click.argument("targets", nargs=-1, type=click.Choice(list(_TARGETS)), required=True)
@options.common
@click.option("--canonical", is_flag=True, help="Print the canonical form: what is compared.")
@click.option("--jsonnet", is_flag=True, help="Print them as Jsonnet.")
@click.option("--show-sensitive", is_flag=True, help="Print secrets instead of marks.")
def command(
    common: options.Common, targets: tuple[str, ...], *, canonical: bool, jsonnet: bool, show_sensitive: bool
) -> int:
    """Print evaluated files as JSON, or Jsonnet: config, task-definition (taskdef), service-definition (servicedef),
    express-definition (expressdef).

    \b
    Examples:
      reconciler render task-definition
      reconciler render config servicedef
      reconciler render taskdef --canonical
      reconciler render taskdef --jsonnet > ecs-task-def.jsonnet
    """
    with options.opened(common, show_sensitive=show_sensitive, aws=False) as reconciler:
        for target in targets:
            document = reconciler.rendered(_TARGETS[target], canonical=canonical)
            options.write(_text(document, jsonnet=jsonnet))
    return exits.OK


def _text(document: Json, *, jsonnet: bool) -> str:
    if jsonnet:
        from reconciler.render import jsonnets

        return jsonnets.text(document)
    return json.dumps(document, indent=2, ensure_ascii=False)
