"""`reconciler diff`: ecspresso's unified diff."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import exits, logs, options, patience, planning
from reconciler.errors import ConfigError

if TYPE_CHECKING:
    from reconciler.core.plans import Plan, Unit
    from reconciler.engine.planning import Sides
    from reconciler.render.unified import Write


@click.command()
@options.common
@click.option("--unified/--no-unified", default=True, help="Unified diff, or both documents whole.")
@click.option(
    "--external",
    metavar="CMD",
    envvar=options.variables("diff_command"),
    help="Compare with a command of yours; it gets two files.",
)
@click.option("--jsonnet", is_flag=True, help="Compare the documents as Jsonnet.")
@click.option(
    "--without-service/--with-service", help="Compare the task definition alone, or the service too."
)
@click.option("--exit-code", is_flag=True, help="Exit 2 if there is a difference.")
@click.option(
    "--live", metavar="FILE", help="Compare with a saved describe output; `-` is stdin. Needs no credentials."
)
def command(
    common: options.Common,
    external: str | None,
    live: str | None,
    *,
    unified: bool,
    jsonnet: bool,
    without_service: bool,
    exit_code: bool,
) -> int:
    """Compare what runs (---) with what the files describe (+++). Prints nothing where they mean the same.

    \b
    Examples:
      reconciler diff
      reconciler diff --exit-code > /dev/null || echo changed
      reconciler diff --external 'difft --color always'
    """
    saved = planning.read_live(live) if live else None
    with options.opened(common, aws=saved is None) as reconciler:
        with patience.told():
            plan = reconciler.plan(live=saved)
        _warn(plan)
        if plan.deferred:
            options.write(planning.textual(reconciler, plan, common))
            return exits.CHANGES if exit_code else exits.OK
        sides = reconciler.sides(plan)
        units = [u for u in plan.units if u.changes and not (without_service and u.kind != "task_definition")]
        from reconciler.render import unified as diffs

        write = diffs.jsonnet if jsonnet else diffs.text
        if external:
            for unit in units:
                _external(external, sides[unit.address], write, "jsonnet" if jsonnet else "json")
        elif unified:
            paint = planning.style(common)
            for unit in units:
                side = sides[unit.address]
                text = diffs.diff(side.live_name, side.desired_name, side.live, side.desired, paint, write)
                sys.stdout.write(text or _invisible(unit, side))
        else:
            for unit in units:
                side = sides[unit.address]
                sys.stdout.write(f"--- {side.live_name}\n{write(side.live)}")
                sys.stdout.write(f"+++ {side.desired_name}\n{write(side.desired)}")
    return exits.CHANGES if exit_code and units else exits.OK


def _warn(plan: Plan) -> None:
    """Say on stderr what `plan` says below the changes."""
    for notice in plan.notices:
        where = f"{notice.where}: " if notice.where else ""
        hint = f" ({notice.hint})" if notice.hint else ""
        logs.warning(f"{where}{notice.what}{hint}")


def _invisible(unit: Unit, side: Sides) -> str:
    """Write what both documents hide: secrets that differ. A service that only changes its revision has none."""
    hidden = [finding.address for finding in unit.changes if finding.sensitive]
    header = f"--- {side.live_name}\n+++ {side.desired_name}\n" if hidden else ""
    return header + "".join(f"  another secret: {address}\n" for address in hidden)


def _external(command_line: str, side: Sides, write: Write, suffix: str) -> None:
    """Run a comparing command on both documents. A non-zero exit is its way of saying that they differ."""
    import shlex
    import subprocess
    import tempfile

    with tempfile.TemporaryDirectory(prefix="reconciler-") as folder:
        files = [Path(folder) / name for name in (f"live.{suffix}", f"desired.{suffix}")]
        for file, document in zip(files, (side.live, side.desired), strict=True):
            file.write_text(write(document), encoding="utf-8")
        sys.stdout.flush()
        try:
            subprocess.run([*shlex.split(command_line), *map(str, files)], check=False)  # noqa: S603 - the user's own
        except OSError as error:
            raise ConfigError(
                f"{command_line!r} cannot be run: {error.strerror}", hint="check --external"
            ) from error
