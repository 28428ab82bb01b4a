"""`reconciler init`: files for what runs already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import asking, exits, options
from reconciler.errors import ConfigError, PlanError

if TYPE_CHECKING:
    from reconciler.api.drafting import Drafted, Use

_SUFFIXES = {"json": ".json", "yaml": ".yml", "jsonnet": ".jsonnet", "hcl": ".hcl"}


def _path(name: str, default: str) -> Callable[..., Any]:
    return click.option(
        f"--{name}-path", type=click.Path(path_type=Path), metavar="FILE", help=f"Default: {default}."
    )


@click.command()
@options.common
@click.option("--service", metavar="NAME", default="", help="The service to write down.")
@click.option("--cluster", metavar="NAME", default="default", show_default=True, help="Its cluster.")
@click.option("--task-definition", metavar="NAME[:REV]", default="", help="Or a task definition alone.")
@_path("service-definition", "ecs-service-def.json")
@_path("task-definition", "ecs-task-def.json")
@_path("express-definition", "ecs-express-def.json")
@click.option(
    "--express/--no-express",
    default=None,
    help="Write a service in Express Mode down as one (the default), or as the service that ECS made of it.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(_SUFFIXES)),
    help="Of files that no option names; json, with the project file in YAML.",
)
@click.option("--jsonnet", is_flag=True, help="The same as --format jsonnet.")
@click.option("--sort/--no-sort", default=True, help="Sort lists whose order means nothing; on by default.")
@click.option(
    "--tfstate",
    "state",
    metavar="URL|DIR|FILE",
    default="",
    help="Write addresses of this Terraform state in place of the IDs that it knows.",
)
@click.option("--force-overwrite", is_flag=True, help="Write over files that are there.")
def command(
    common: options.Common,
    service: str,
    cluster: str,
    task_definition: str,
    service_definition_path: Path | None,
    task_definition_path: Path | None,
    express_definition_path: Path | None,
    form: str | None,
    state: str,
    *,
    express: bool | None,
    jsonnet: bool,
    sort: bool,
    force_overwrite: bool,
) -> int:
    """Write a project file and definitions for a service, or a task definition, that is there.

    They say what a person would have written: what AWS adds by itself is left out. A plan of them has to be empty,
    and is made at once.

    \b
    Examples:
      reconciler init --service your-service --cluster your-cluster --config new/reconciler.yml
      reconciler init --service your-service --cluster your-cluster --tfstate terraform.tfstate --force-overwrite
      reconciler init --task-definition test-httpd --format hcl --force-overwrite
    """
    if service and task_definition:
        raise click.UsageError(
            "--service and --task-definition exclude each other: a service brings its own along"
        )
    if not (service or task_definition):
        raise click.UsageError("name a --service, or a --task-definition")
    if jsonnet and form not in (None, "jsonnet"):
        raise click.UsageError("--jsonnet and --format name two formats")
    if common.config and "#" in Path(common.config).name:
        file, _, name = common.config.rpartition("#")
        raise click.UsageError(
            f"init writes a project file of its own, no entry of one: take --config {name}/{Path(file).name}, "
            f"and name it in the services of {file}"
        )
    form = "jsonnet" if jsonnet else form
    suffix = _SUFFIXES[form or "json"]
    from reconciler.api import drafting

    wanted = drafting.Wanted(
        cluster=cluster,
        service=service,
        task_definition=task_definition,
        path=Path(common.config or f"reconciler{'.yml' if form in (None, 'json') else suffix}"),
        service_definition_path=service_definition_path or Path(f"ecs-service-def{suffix}"),
        task_definition_path=task_definition_path or Path(f"ecs-task-def{suffix}"),
        express_definition_path=express_definition_path or Path(f"ecs-express-def{suffix}"),
        express=express,
        ordered=sort,
        state=state,
    )
    drafted = drafting.draft(
        wanted, profile=common.profile, region=common.region, assume_role_arn=common.assume_role_arn
    )
    _insist(drafted, overwrite=force_overwrite)
    for path, text in drafted.files:
        _write(path, text)
        options.write(f"wrote {path}")
    for title, uses in (("from the state", drafted.references), ("stayed concrete", drafted.concrete)):
        _list(title, uses)
    for note in drafted.notes:
        options.write(f"note: {note}")
    return _check(replace(common, config=str(wanted.path)))


def _insist(drafted: Drafted, *, overwrite: bool) -> None:
    """Ask before anything is written over; where nobody can be asked, refuse. Nothing is written before that."""
    there = [str(path) for path, _ in drafted.files if path.exists()]
    if not there or overwrite:
        return
    named = ", ".join(there)
    hint = f"--force-overwrite writes over {named}"
    if not asking.confirmed(f"Overwrite {named}? (y/N) ", ("y", "yes", "Y"), hint):
        raise ConfigError("nothing was written", hint=hint)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error


def _list(title: str, uses: Sequence[Use]) -> None:
    if uses:
        options.write(f"{title}:")
        for use in uses:
            options.write(f"  {use.file} {use.pointer}  {use.text}")


def _check(common: options.Common) -> int:
    """Plan what was written: whatever that would change was not written down rightly."""
    with options.opened(common) as reconciler:
        plan = reconciler.plan()
    if plan.changes or plan.refusals:
        from reconciler.render import human

        options.write(human.plan(plan))
        raise PlanError(
            "what was written is not what runs: the plan above is not empty",
            hint="edit the files until `reconciler plan` shows no changes",
        )
    options.write("No changes: a plan of these files is empty.")
    return exits.OK
