"""`reconciler plan`: what would change, and why."""

from __future__ import annotations

import click

from reconciler.cli import exits, fleets, forms, options, patience, planning


@click.command()
@options.common
@fleets.choosing
@planning.shaping
@planning.rollback_events
@click.option("--out", metavar="FILE", help="Save the plan for `reconciler apply FILE`.")
@click.option(
    "--format",
    "form",
    type=click.Choice(list(forms.FORMS)),
    default="human",
    show_default=True,
    help="Output; markdown is a comment for a pull request, github annotations of its files, html a page.",
)
@click.option(
    "--markdown-limit",
    type=click.IntRange(4096),
    metavar="N",
    help="Characters that --format markdown may take; 65536, as many as GitHub takes in a comment.",
)
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit 0 without changes, 2 with changes, 1 on an error."
)
@click.option(
    "--live", metavar="FILE", help="Compare with a saved describe output; `-` is stdin. Needs no credentials."
)
@click.option(
    "--simulate", is_flag=True, help="Play the change through a model of ECS, and say how it would go."
)
def command(
    common: options.Common,
    choice: fleets.Choice,
    out: str | None,
    form: str,
    markdown_limit: int | None,
    live: str | None,
    tasks: int | None,
    rollback_events: tuple[str, ...],
    *,
    simulate: bool,
    detailed_exitcode: bool,
    skip_task_definition: bool,
    force_new_deployment: bool,
    force_register: bool,
    may_replace: bool,
    refresh: bool,
    strict: bool,
    show_sensitive: bool,
) -> int:
    """Show what would change, and why each value is what it is.

    With project files, or folders in which they are found, many are planned in one process.

    \b
    Examples:
      reconciler plan
      reconciler plan --out plan.json && reconciler apply plan.json
      reconciler plan --format patch | jq .resources
      reconciler plan --detailed-exitcode     # 0 nothing to do, 2 changes, 1 error
      reconciler plan --live described.json   # without credentials
      reconciler plan --simulate              # how the rollout would go, by a model of ECS
      reconciler plan . --detailed-exitcode   # every project below this folder
      reconciler plan services.yml#web        # one of the services that a file holds
      reconciler plan . --exclude 'legacy*' --format json | jq .summary
      reconciler plan --format markdown > comment.md
      reconciler plan . --format github       # in a workflow: errors and changes beside their lines
    """
    if out and show_sensitive:
        raise click.UsageError("--out and --show-sensitive exclude each other: a plan file holds no secrets")
    if out and live:
        raise click.UsageError("--out and --live exclude each other: such a plan cannot be applied")
    if simulate and form != "human":
        raise click.UsageError("--simulate tells a story for people; leave --format out")
    if markdown_limit is not None and form != "markdown":
        raise click.UsageError("--markdown-limit is about --format markdown")
    wanted = planning.plan_options(
        tasks=tasks,
        skip_task_definition=skip_task_definition,
        force_new_deployment=force_new_deployment,
        force_register=force_register,
        may_replace=may_replace,
        rollback_events=rollback_events,
        refresh=refresh,
    )
    choice.insist_on_one()
    if choice.several:
        _insist_on_many(common, named=choice.named, out=out, live=live, form=form, simulate=simulate)
        return fleets.plan(
            common,
            choice,
            wanted,
            form=form,
            limit=markdown_limit,
            strict=strict,
            show_sensitive=show_sensitive,
            detailed=detailed_exitcode,
        )
    sheet = forms.Sheet(common, forms.project(form, common), limit=markdown_limit)
    with (
        forms.reporting(form, sheet),
        options.opened(common, show_sensitive=show_sensitive, aws=live is None) as reconciler,
    ):
        with patience.told():
            saved = planning.read_live(live) if live else None
            plan = reconciler.plan(wanted, strict=strict, live=saved)
        if out and not plan.refusals:
            planning.save(reconciler, plan, out)
        forms.show(form, reconciler, plan, sheet)
        if planning.refused(plan):
            return exits.ERROR
        if simulate:
            planning.rehearse(reconciler, plan, common)
        if out and form == "human":
            options.write(planning.saved(common, out))
    return exits.CHANGES if detailed_exitcode and (plan.changes or plan.deferred) else exits.OK


def _insist_on_many(
    common: options.Common, *, named: bool, out: str | None, live: str | None, form: str, simulate: bool
) -> None:
    """Refuse what is about one project where many are planned. click.UsageError."""
    for given, flag in (
        (common.config and named, "--config"),
        (out, "--out"),
        (live, "--live"),
        (simulate, "--simulate"),
        (forms.FORMS[form].several is None, f"--format {form}"),
    ):
        if given:
            raise click.UsageError(
                f"{flag} is about one project: leave the paths out, or plan each for itself"
            )
