"""`reconciler prune`: the end of services that no project file declares any more."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import asking, exits, fleets, logs, options, planning
from reconciler.errors import Interrupted, PlanError, ReconcilerError

if TYPE_CHECKING:
    from reconciler.api.pruning import Found
    from reconciler.api.surveys import Survey
    from reconciler.core.events import Event
    from reconciler.core.strays import Stray


def _whole(_context: click.Context, _parameter: click.Parameter, value: tuple[str, ...]) -> None:
    if value:
        raise click.UsageError("prune looks at all projects: whose files are left out would look undeclared")


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, shell_complete=options.projects)
@options.common
@click.option(
    "--dry-run", is_flag=True, help="Say what would be deleted, and exit with 2 where there is anything."
)
@click.option(
    "--confirm",
    metavar="OWNER",
    multiple=True,
    help="Delete this owner's services without asking for its name.",
)
@click.option(
    "--parallelism", type=click.IntRange(1, 64), default=8, help="How many project files at a time; 8."
)
@click.option(
    "--only", "--exclude", "--changed-since", "--shard", "narrowed", multiple=True, hidden=True, expose_value=False,
    callback=_whole,
)  # fmt: skip
def command(
    common: options.Common,
    paths: tuple[str, ...],
    confirm: tuple[str, ...],
    parallelism: int,
    *,
    dry_run: bool,
) -> int:
    """Delete services that carry an owner's tag and that no project file declares, once the owner's name was typed.

    Owners are those that the projects below PATH stamp (`stamp: {owner: NAME}`); their clusters are looked at. Declared
    is whatever a project file in their git work trees declares. Tasks of what is deleted are stopped.

    \b
    Exit codes: 0 all is deleted, or there is nothing to delete; 1 something was not deleted; 2 --dry-run found
    something; 130 interrupted.

    \b
    Examples:
      reconciler prune . --dry-run
      reconciler prune . --confirm shop
    """
    asked = _choice(common, paths, parallelism)
    with fleets.opened(common, asked) as fleet:
        survey = fleets.survey(fleet, asked, trees=True)
        from reconciler.api import pruning

        found = pruning.find(survey)
        _insist_known(confirm, survey.owners)
        _show(found, common)
        _warn_behind(found.doomed, asked.paths)
        code = exits.ERROR if survey.unread else exits.OK
        if not found.doomed:
            return code
        if dry_run:
            return code or exits.CHANGES
        chosen = [each for owner in survey.owners for each in _agreed(found.doomed, owner, confirm)]
        if chosen:
            now = _again(common, paths, parallelism)
            pruning.insist_same(chosen, now)
            done = carry_out(survey, chosen, now)
            return done or (code if len(chosen) == len(found.doomed) else exits.ERROR)
        return exits.ERROR


def _choice(common: options.Common, paths: Sequence[str], at_once: int) -> fleets.Choice:
    given = tuple(Path(path) for path in paths)
    return fleets.Choice(
        paths=given, only=(), exclude=(), since="", shard=None, at_once=at_once, common=common
    )


def _insist_known(confirm: Sequence[str], owners: Sequence[str]) -> None:
    for owner in confirm:
        if owner not in owners:
            raise PlanError(f"no project stamps the owner {owner}", hint=f"they stamp {', '.join(owners)}")


def _show(found: Found, common: options.Common) -> None:
    from reconciler.render import strays

    options.write(strays.doomed(found.doomed, found.others, planning.style(common)))
    if found.doomed and sys.stdin.isatty() and not sys.stdout.isatty():
        # Nobody should type the name for what went into a file.
        sys.stderr.write(strays.doomed(found.doomed, found.others))
    for note in found.notes:
        logs.warning(note)


def _warn_behind(doomed: Sequence[Stray], paths: Sequence[Path]) -> None:
    """Say which services were applied from commits that are not here: others may declare them there."""
    from reconciler.load import revisions

    tops = [path if path.is_dir() else path.parent for path in paths]
    for stray in doomed:
        if all(revisions.lacks(top, stray.revision) for top in tops):
            name = f"{stray.cluster}/{stray.service}"
            logs.warning(
                f"{name} was applied from {stray.revision}, which is not in this checkout: a file there may declare it"
            )


def _agreed(doomed: Sequence[Stray], owner: str, confirm: Sequence[str]) -> list[Stray]:
    """Give an owner's services, if whoever runs this agrees to their end."""
    own = [each for each in doomed if each.owner == owner]
    if not own or owner in confirm:
        return own
    if confirm:
        logs.info(f"--confirm does not name {owner}: its services are left alone.")
        return []
    many = "service is" if len(own) == 1 else "services are"
    question = f"\n{len(own)} {many} deleted, with all tasks. Type the name of the owner, {owner}, to go on: "
    if asking.confirmed(question, (owner,), f"pass --confirm {owner}"):
        return own
    logs.info(f"Not deleted: services of {owner}.")
    return []


def _again(common: options.Common, paths: Sequence[str], at_once: int) -> Survey:
    """Look once more at what files declare: while somebody was asked, some may have changed."""
    from reconciler.api import pruning

    asked = _choice(common, paths, at_once)
    with fleets.opened(common, asked) as fleet:
        survey = fleets.survey(fleet, asked, trees=True)
    pruning.insist(survey)
    return survey


def carry_out(survey: Survey, chosen: Sequence[Stray], now: Survey) -> int:
    """Delete services one after the other; what is wrong with one keeps no other. Give the exit code."""
    from reconciler.api import pruning

    emit = _lines()
    deleted: list[str] = []
    failed: list[str] = []
    for index, stray in enumerate(chosen):
        name = f"{stray.cluster}/{stray.service}"
        try:
            after = pruning.delete(survey, stray, now.declared(stray.place), emit=emit)
        except (Interrupted, KeyboardInterrupt) as error:
            left = [f"{each.cluster}/{each.service}" for each in chosen[index + 1 :]]
            unsure = [name] if isinstance(error, Interrupted) and error.unsure else []
            left = left if unsure else [name, *left]
            _told(deleted, failed, left, unsure)
            return exits.INTERRUPTED
        except ReconcilerError as error:
            logs.failed(str(error), kind=type(error).__name__)
            failed.append(name)
            continue
        if after is None:
            logs.info(f"{name} is gone already.")
        deleted.append(name)
    _told(deleted, failed, (), ())
    return exits.ERROR if failed else exits.OK


def _told(deleted: Sequence[str], failed: Sequence[str], left: Sequence[str], unsure: Sequence[str]) -> None:
    """Say how it went, on one line each."""
    said = [
        f"{verb}: {', '.join(names)}."
        for verb, names in (
            ("Deleted", deleted),
            ("Perhaps deleted", unsure),
            ("Not deleted", failed),
            ("Not begun", left),
        )
        if names
    ]
    (logs.failed if failed or left or unsure else logs.info)("\n".join(said))


def _lines() -> Callable[[Event], object]:
    from reconciler.render import progress
    from reconciler.render.styles import Style

    write, style = progress.line if logs.people() else progress.text, Style(logs.colored())
    return lambda event: logs.info(write(event, style), **progress.fields(event))
