"""`reconciler drift`: how AWS differs from the files, and who moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli import exits, fleets, options, patience, planning

if TYPE_CHECKING:
    from reconciler.api.drifting import Drifted
    from reconciler.api.fleets import Done
    from reconciler.render.drifts import Member


@click.command()
@options.common
@fleets.choosing
@click.option(
    "--format",
    "form",
    type=click.Choice(["human", "json"]),
    default="human",
    show_default=True,
    help="Output.",
)
@click.option("--show-sensitive", is_flag=True, help="Print secrets instead of marks.")
def command(common: options.Common, choice: fleets.Choice, form: str, *, show_sensitive: bool) -> int:
    """Compare the files with AWS, and say who moved since the last apply.

    Exits with 0 without drift, 2 with drift, 1 on an error. With `record: DIR` or `record: s3://BUCKET/PREFIX` in the
    project file an apply is recorded there, and each difference has its cause: configuration (the files moved),
    infrastructure (a value they refer to moved), live (AWS was changed), unmanaged.

    \b
    Examples:
      reconciler drift
      reconciler drift . --format json | jq '.projects[].drifts[]?'
    """
    choice.insist_on_one()
    if choice.several:
        with fleets.opened(common, choice, show_sensitive=show_sensitive) as fleet:
            with fleets.progress() as told:
                found = fleet.each(lambda each: each.drift(), at_once=choice.at_once, told=told)
            members = [_of(each) for each in found]
    else:
        with options.opened(common, show_sensitive=show_sensitive) as reconciler:
            with patience.told():
                drifted = reconciler.drift()
            members = [_member(str(reconciler.project.document.path), drifted)]
    from reconciler.render import drifts

    if form == "json":
        options.write(drifts.document(members))
    else:
        options.write(drifts.human(members, planning.style(common)))
    if any(member.error for member in members):
        return exits.ERROR
    return exits.CHANGES if any(drifts.counted(member.drifts) for member in members) else exits.OK


def _of(done: Done[Drifted]) -> Member:
    from reconciler.render.drifts import Member

    if done.result is not None:
        return _member(str(done.path), done.result)
    said = str(done.error)
    return Member(
        str(done.path), error=done.reconciler.masker.text(said) if done.reconciler is not None else said
    )


def _member(path: str, drifted: Drifted) -> Member:
    from reconciler.render.drifts import Member

    applied = drifted.record.at if drifted.record is not None else None
    return Member(path, drifted.drifts, applied, drifted.wanted)
