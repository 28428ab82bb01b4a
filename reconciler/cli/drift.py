"""`reconciler drift`: how AWS differs from the files, and who moved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from reconciler.cli import driftforms, exits, fleets, forms, logs, options, patience

if TYPE_CHECKING:
    from reconciler.api import Reconciler
    from reconciler.api.fleets import Done
    from reconciler.api.stores import Drifted
    from reconciler.core.strays import Unmanaged
    from reconciler.engine.options import Options
    from reconciler.render.drifts import Member


_CAUSES = ("configuration", "infrastructure", "live", "unmanaged")
_SEVERITIES = ("high", "medium", "low", "info")


def _chosen(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[str, ...]:
    found = tuple(filter(None, (word.strip() for word in value.split(","))))
    for word in found:
        if word not in (*_CAUSES, *_SEVERITIES):
            raise click.BadParameter(f"{word!r} is none of {', '.join((*_CAUSES, *_SEVERITIES))}")
    return found


def _day(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if value:
        from reconciler.core import accepted

        accepted.day(value, "--until")
    return value


@click.command()
@options.common
@fleets.choosing
@driftforms.chosen
@click.option(
    "--fail-on",
    metavar="WORD,…",
    default="",
    callback=_chosen,
    help="Exit with 2 for these alone: causes (configuration, infrastructure, live; unmanaged with --unmanaged), "
    "severities (high, medium, low, info), or what is of one of both.",
)
@click.option(
    "--accept",
    is_flag=True,
    help="Accept the drift that there is (of --fail-on): write it to drift-accepted.yml.",
)
@click.option("--reason", metavar="TEXT", default="", help="Why it is accepted.")
@click.option("--until", metavar="DAY", default="", callback=_day, help="Up to which day: 2026-12-01.")
@click.option("--unmanaged", is_flag=True, help="Tell of services, too, that no project file declares.")
@click.option("--refresh", is_flag=True, help="Ask AWS for task definitions that earlier runs remember, too.")
@click.option(
    "--who", is_flag=True, help="Look up in CloudTrail who changed what is live, when and with which client."
)
@click.option(
    "--fix",
    is_flag=True,
    help="Plan, and apply when you say yes, what ends the drift (of --fail-on) and nothing else.",
)
@click.option("--auto-approve", is_flag=True, help="Do not ask before --fix applies.")
@click.option("--out", metavar="FILE", help="Save the plan of --fix for `reconciler apply FILE`.")
@click.option("--show-sensitive", is_flag=True, help="Print secrets instead of marks.")
def command(
    common: options.Common,
    choice: fleets.Choice,
    reporting: driftforms.Reporting,
    fail_on: tuple[str, ...],
    reason: str,
    until: str,
    out: str | None,
    *,
    accept: bool,
    refresh: bool,
    unmanaged: bool,
    who: bool,
    fix: bool,
    auto_approve: bool,
    show_sensitive: bool,
) -> int:
    """Compare the files with AWS, and say who moved since the last apply.

    Exits with 0 without drift, 2 with drift, 1 on an error. With `record: DIR` or `record: s3://BUCKET/PREFIX` in the
    project file an apply is recorded there, and each difference has its cause: configuration (the files moved),
    infrastructure (a value they refer to moved), live (AWS was changed), unmanaged.

    \b
    Examples:
      reconciler drift
      reconciler drift . --format json | jq '.projects[].drifts[]?'
      reconciler drift --fail-on live,infrastructure
      reconciler drift --fail-on live,high,medium
      reconciler drift --who
      reconciler drift --fix --fail-on live
      reconciler drift . --format markdown --report drift.html --report drift.json
      reconciler drift . --unmanaged --fail-on live,unmanaged
      reconciler drift --accept --reason 'load test' --until 2030-12-01
    """
    choice.insist_on_one()
    if accept and choice.several:
        raise click.UsageError(
            "--accept is about one project: run it for each, in its folder or with --config"
        )
    if accept and not reason:
        raise click.UsageError("--accept says why: --reason TEXT")
    if (reason or until) and not accept:
        raise click.UsageError("--reason and --until go with --accept")
    if "unmanaged" in fail_on and not unmanaged:
        raise click.UsageError("--fail-on unmanaged goes with --unmanaged")
    strays: Unmanaged | None = None
    if (auto_approve or out) and not fix:
        raise click.UsageError(f"{'--auto-approve' if auto_approve else '--out'} goes with --fix")
    from reconciler.engine.options import Options

    wanted = Options(refresh=refresh)
    if fix:
        if choice.several:
            raise click.UsageError(
                "--fix is about one project: run it for each, in its folder or with --config"
            )
        if accept or who or unmanaged or reporting.given:
            raise click.UsageError("--fix shows a plan: leave --accept, --who, --unmanaged and reports out")
        if auto_approve and out:
            raise click.UsageError("--out saves the plan, and --auto-approve applies it: one of them")
        from reconciler.cli import fixing

        with options.opened(common, show_sensitive=show_sensitive) as reconciler:
            return fixing.fix(reconciler, common, wanted, fail_on, auto_approve=auto_approve, out=out)
    sheet = reporting.sheet(
        common, choice.name if choice.several else forms.found(common), several=choice.several
    )
    with reporting.ending(sheet):
        if choice.several:
            with fleets.opened(common, choice, show_sensitive=show_sensitive) as fleet:
                survey = fleets.survey(fleet, choice) if unmanaged else None
                with fleets.progress() as told:
                    found = fleet.each(
                        lambda each: _found(each, wanted, who=who), at_once=choice.at_once, told=told
                    )
                _warn(each.result for each in found if each.result is not None)
                members = tuple(_of(each) for each in found)
                strays = survey.read() if survey is not None else None
        else:
            with options.opened(common, show_sensitive=show_sensitive) as reconciler:
                with patience.told():
                    drifted = _found(reconciler, wanted, who=who)
                _warn([drifted])
                if accept:
                    new = reconciler.accept(drifted, reason, until, fail_on)
                    for line in [f"accepted: {line}" for line in new] or ["There is nothing to accept."]:
                        logs.info(line)
                    drifted = _found(reconciler, wanted, who=False)
                members = (_member(str(reconciler.project.label), drifted),)
                strays = reconciler.unmanaged() if unmanaged else None
    from reconciler.render import drifts

    reporting.show(driftforms.reported(members, sheet, unmanaged=strays), sheet, fail_on)
    if fail_on and (all_of_it := sum(len(drifts.counted(member.drifts)) for member in members)):
        some = sum(len(drifts.counted(member.drifts, fail_on)) for member in members)
        logs.info(f"Of {all_of_it} difference{'' if all_of_it == 1 else 's'} {some} count for --fail-on.")
    if any(member.error for member in members) or (strays is not None and strays.unread):
        return exits.ERROR
    if "unmanaged" in fail_on and strays is not None and strays.strays:
        return exits.CHANGES
    return exits.CHANGES if any(drifts.counted(member.drifts, fail_on) for member in members) else exits.OK


def _found(reconciler: Reconciler, wanted: Options, *, who: bool) -> Drifted:
    drifted = reconciler.drift(wanted)
    if who:
        drifted = reconciler.who(drifted)
    warnings = forms.hidden(drifted.plan.notices, reconciler.masker)
    return replace(drifted, notices=(*warnings, *drifted.notices))


def _warn(found: Iterable[Drifted]) -> None:
    """Say once what the plan warns of, and what is not known."""
    from reconciler.render import human

    for notice in dict.fromkeys(notice for drifted in found for notice in drifted.notices):
        logs.warning(human.told(notice))


def _of(done: Done[Drifted]) -> Member:
    if done.result is not None:
        return _member(str(done.path), done.result)
    assert done.error is not None
    masker = done.reconciler.masker if done.reconciler is not None else None
    return driftforms.failed(str(done.path), done.error, masker.leaf if masker is not None else str)


def _member(path: str, drifted: Drifted) -> Member:
    from reconciler.core.strays import Place
    from reconciler.render.drifts import Member

    applied = drifted.record.at if drifted.record is not None else None
    unit = next((unit for unit in drifted.plan.units if unit.kind != "task_definition"), None)
    return Member(
        path,
        drifted.drifts,
        applied,
        drifted.wanted,
        cluster=Place(unit.account, unit.region, unit.cluster) if unit is not None else None,
        service=unit.address if unit is not None else "",
        places=drifted.places,
        notices=drifted.notices,
    )
