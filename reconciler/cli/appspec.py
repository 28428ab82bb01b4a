"""`reconciler appspec`: what CodeDeploy would be told."""

from __future__ import annotations

import click

from reconciler.cli import exits, options, patience


def _revision(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if value not in ("latest", "current") and not (value.startswith("arn:") and ":task-definition/" in value):
        raise click.BadParameter(f"{value!r} is neither latest nor current nor the ARN of a task definition")
    return value


@click.command()
@options.common
@click.option(
    "--task-definition",
    default="latest",
    show_default=True,
    metavar="latest|current|ARN",
    callback=_revision,
    help="The newest revision of the family that runs, the one that runs, or this one.",
)
@click.option(
    "--update-service/--no-update-service",
    default=True,
    help="Take the rest from the service definition, or from the service as it runs.",
)
def command(common: options.Common, task_definition: str, *, update_service: bool) -> int:
    """Print the AppSpec of a CodeDeploy deployment as YAML, with the project's hooks.

    \b
    Examples:
      reconciler appspec
      reconciler appspec --task-definition current --no-update-service > appspec.yml
    """
    with options.opened(common) as reconciler:
        with patience.told():
            spec = reconciler.appspec(task_definition, update_service=update_service)
        import yaml

        options.write(yaml.safe_dump(spec, sort_keys=False, allow_unicode=True))
    return exits.OK
