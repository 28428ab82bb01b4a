"""What `plan`, `apply` and `deploy` share: the flags that shape a plan, and how plans are shown."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from reconciler.cli import exits, logs, options
from reconciler.errors import ConfigError, PlanError, Refused, Where

if TYPE_CHECKING:
    from reconciler.api import Reconciler
    from reconciler.core.outcomes import Outcome
    from reconciler.core.plans import Plan
    from reconciler.core.values import Json
    from reconciler.engine.options import Options
    from reconciler.render.styles import Style

_SHAPES = (
    "tasks",
    "skip_task_definition",
    "force_new_deployment",
    "force_register",
    "may_replace",
    "rollback_events",
    "refresh",
    "strict",
    "show_sensitive",
)


def shaping(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the flags that shape a plan."""
    for option in reversed((
        click.option("--tasks", type=click.IntRange(0), metavar="N", help="Desired count, in place of the file's."),
        click.option("--skip-task-definition", is_flag=True, help="Leave the task definition as it runs."),
        click.option("--force-new-deployment", is_flag=True, help="Start new tasks even if nothing changed."),
        click.option("--force-register", is_flag=True, help="Register a revision even if nothing changed."),
        click.option("--allow-replace", "may_replace", is_flag=True, help="Delete and create what no update changes."),
        click.option("--refresh", is_flag=True, help="Ask AWS for task definitions that earlier runs remember, too."),
        click.option("--strict", is_flag=True, help="Make warnings about unknown members errors."),
        click.option("--show-sensitive", is_flag=True, help="Print secrets instead of marks."),
    )):  # fmt: skip
        function = option(function)
    return function


def unshaped(plan_file: str) -> None:
    """Refuse the flags that shape a plan where it is made already. click.UsageError names the flag."""
    context = click.get_current_context()
    for name in _SHAPES:
        if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            flag = next(p.opts[0] for p in context.command.params if p.name == name)
            raise click.UsageError(
                f"{flag} shapes a plan, and {plan_file} is one already; pass it to `reconciler plan --out`"
                if name != "show_sensitive"
                else f"{flag} is about showing a plan, and a saved one is applied without showing it"
            )


def plan_options(
    *,
    tasks: int | None,
    skip_task_definition: bool,
    force_new_deployment: bool,
    force_register: bool,
    may_replace: bool,
    rollback_events: tuple[str, ...] = (),
    refresh: bool = False,
) -> Options:
    """Turn flags into the options of a plan."""
    from reconciler.engine.options import Options

    return Options(
        skip_task_definition=skip_task_definition,
        force_new_deployment=force_new_deployment,
        force_register=force_register,
        desired_count=tasks,
        may_replace=may_replace,
        rollback_events=rollback_events,
        refresh=refresh,
    )


def style(common: options.Common) -> Style:
    """Give the style of what goes to stdout."""
    from reconciler.render.styles import Style

    return Style(options.colored(common, sys.stdout))


def show(plan: Plan, common: options.Common, *, same: str = "") -> None:
    """Print a plan for people; `same` is what to say where there is nothing to do, in place of what files say."""
    from reconciler.render import human

    options.write(human.plan(plan, style(common), same=same))


def show_asked(plan: Plan) -> None:
    """Show a plan on the terminal, too, where it went into a file: nobody should say yes to that."""
    if sys.stdin.isatty() and not sys.stdout.isatty():
        from reconciler.render import human

        sys.stderr.write(human.plan(plan))


def rehearse(reconciler: Reconciler, plan: Plan, common: options.Common) -> None:
    """Print how the rollout would go, by a model of ECS."""
    from reconciler.render import rehearsals

    options.write("\n" + rehearsals.human(reconciler.rehearse(plan), style(common)))


def refused(plan: Plan) -> bool:
    """Say why a plan cannot be applied, if AWS is known to refuse it."""
    for notice in plan.refusals:
        logs.failed(str(Refused(notice.what, notice.where, notice.hint)), kind="Refused")
    return bool(plan.refusals)


def insist_applyable(plan: Plan) -> None:
    """Raise Refused where a plan needs a permission that was not given."""
    from reconciler.api import plannings

    plannings.insist_applyable(plan)


def unchanged(
    reconciler: Reconciler,
    plan: Plan,
    common: options.Common,
    *,
    wait: bool,
    until: str,
    on_failure: str = "keep",
) -> int:
    """Watch the rollout of what was sent before, if it is not through: a second run says how the first one ended."""
    if not wait or not rolls(plan):
        record(reconciler, plan)
        return exits.OK
    return over(reconciler, common, joined(reconciler, plan, common, until=until), on_failure=on_failure)


def joined(reconciler: Reconciler, plan: Plan, common: options.Common, *, until: str) -> Outcome:
    """Watch the rollout that was under way when a plan was made, and record that if it went well, as `applied` does."""
    outcome = watched(reconciler, common, until=until, met=True)
    record(reconciler, plan, outcome)
    return outcome


def rolls(plan: Plan) -> bool:
    """Tell whether a rollout was under way when the plan was made."""
    from reconciler.api import aftermaths

    return aftermaths.rolls(plan)


def record(reconciler: Reconciler, plan: Plan, outcome: Outcome | None = None) -> None:
    """Write down that a plan was applied, where that went well and the project wants it; a failure undoes nothing."""
    from reconciler.api import aftermaths

    if why := aftermaths.unrecorded(reconciler, plan, outcome):
        logs.warning(why)


def watch(reconciler: Reconciler, common: options.Common, *, until: str) -> int:
    """Watch the rollout that is running, reporting on stderr; give the exit code."""
    return over(reconciler, common, watched(reconciler, common, until=until), on_failure="keep")


def watched(reconciler: Reconciler, common: options.Common, *, until: str, met: bool = False) -> Outcome:
    """Watch the rollout that is running to its end, reporting on stderr; see `Reconciler.wait`."""
    gc.enable()  # a rollout takes minutes
    from reconciler.cli import reports

    with reports.reporter(reconciler) as emit:
        return reconciler.wait(emit=emit, until=until, timeout=common.timeout, met=met)


def over(reconciler: Reconciler, common: options.Common, outcome: Outcome, *, on_failure: str) -> int:
    """Say how a rollout ended that somebody else began; give the exit code."""
    from reconciler.cli import failing

    return failing.through(
        reconciler, common, outcome, "The rollout completed", on_failure=on_failure, timed=False
    )


def textual(reconciler: Reconciler, plan: Plan, common: options.Common) -> str:
    """Write the units of a plan as unified diffs; of one that is deferred, what it waits for."""
    paint = style(common)
    if plan.deferred:
        from reconciler.render import human

        return human.plan(plan, paint)
    from reconciler.render import unified

    sides = reconciler.sides(plan)
    return "".join(
        unified.diff(side.live_name, side.desired_name, side.live, side.desired, paint)
        for unit in plan.units
        if (side := sides.get(unit.address)) is not None and unit.changes
    )


def read_live(path: str) -> tuple[str, Json]:
    """Read a saved description. ConfigError where it is no JSON."""
    from reconciler.load import sources

    text = sys.stdin.read() if path == "-" else sources.text(Path(path))
    try:
        return path, json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", 0)
        raise ConfigError(
            "this is no JSON", Where(path, line, getattr(error, "colno", 0)), "save it with `--output json`"
        ) from error


def saved(common: options.Common, path: str) -> str:
    """Say where a plan was saved, and what applies it: where the project file was named, with that."""
    import shlex

    config = ["--config", common.config] if common.config is not None else []
    command = shlex.join(["reconciler", "apply", *config, path])
    return f"Saved to {path}. Apply exactly this with: {command}"


def save(reconciler: Reconciler, plan: Plan, path: str) -> None:
    """Save a plan, readable by its owner alone.

    PlanError where it cannot be carried out from a file, or would have a secret in it in clear.
    """
    from reconciler.core import planfiles

    for unit in plan.units:
        for secret in unit.secrets:
            if not secret.pieces and plan.changes:
                raise PlanError(
                    f"{secret.place} is computed from a secret, or kept as AWS has it, so a plan file cannot hold it",
                    hint=planfiles.AT_ONCE,
                )
    _insist_on_secrecy(reconciler, plan)
    import os
    import stat

    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.fchmod(descriptor, 0o600)  # a file that was there already kept its own mode
            file.write(plan.to_json())
    except OSError as error:
        raise PlanError(f"the plan cannot be saved: {error.strerror}", Where(path)) from error


def _insist_on_secrecy(reconciler: Reconciler, plan: Plan) -> None:
    """Look for secrets in what is about to be written: the last line of defence, whatever let one through."""
    from reconciler.core import planfiles

    masker = reconciler.masker
    exposed = planfiles.exposed(plan, masker.secrets, said(reconciler, plan)) if masker.secrets else ()
    if exposed:
        raise PlanError(
            f"a secret would stand in clear in the plan file, at {masker.text(exposed[0])}",
            hint=planfiles.AT_ONCE,
        )


def said(reconciler: Reconciler, plan: Plan) -> Iterator[str]:
    """Give what anybody can read: the files as they stand, what is no secret in them, and the API's own words."""
    from reconciler.aws.shapes import ECS
    from reconciler.core import shapes

    if not plan.complete:
        return
    for operation in _spoken(plan):
        yield from shapes.names(ECS.input(operation))
    settings = reconciler.settings
    wanted = {unit.kind for unit in plan.units}
    task_definition, service = "task_definition" in wanted, bool(wanted - {"task_definition"})
    files = reconciler.definitions(task_definition=task_definition, service=service)
    for resolved, path in (
        (files.task_definition, settings.task_definition),
        (files.service, settings.service_definition),
        (files.express_service, settings.express_definition),
    ):
        if resolved is not None and path is not None:
            yield from resolved.clear()
            yield settings.file(path).read_text(encoding="utf-8", errors="replace")


def _spoken(plan: Plan) -> tuple[str, ...]:
    """Name the operations whose words a plan holds."""
    if any(unit.kind == "express_service" for unit in plan.units):
        return ("CreateExpressGatewayService", "UpdateExpressGatewayService")
    return ("RegisterTaskDefinition", "CreateService", "UpdateService")


def carry_out(
    reconciler: Reconciler,
    plan: Plan,
    common: options.Common,
    *,
    wait: bool,
    until: str,
    on_failure: str = "keep",
) -> int:
    """Apply a plan, reporting on stderr; give the exit code."""
    from reconciler.cli import failing

    outcome = applied(reconciler, plan, common, wait=wait, until=until)
    return failing.through(reconciler, common, outcome, "Applied", on_failure=on_failure)


def applied(reconciler: Reconciler, plan: Plan, common: options.Common, *, wait: bool, until: str) -> Outcome:
    """Apply a plan, reporting on stderr, and record that if it went well."""
    gc.enable()  # a rollout takes minutes
    from reconciler.cli import reports

    with reports.reporter(reconciler) as emit:
        outcome = reconciler.apply(plan, emit=emit, wait=wait, until=until, timeout=common.timeout)
    record(reconciler, plan, outcome)
    return outcome


def _until(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Check what to wait for."""
    from reconciler.core import rollouts

    try:
        return rollouts.until(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _states(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete what to wait for."""
    from reconciler.core import rollouts

    named = [f"ecs:{stage}" for stage in rollouts.STAGES]
    named += [f"codedeploy:{event}" for event in rollouts.CODE_DEPLOY_EVENTS]
    return [each for each in ("deployed", "stable", "paused", *named) if each.startswith(incomplete)]


_ROLLBACK_EVENTS = ("DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST")
"""CodeDeploy's AutoRollbackEvent (API model)."""


def _events(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    found = tuple(event.strip() for event in (value or "").split(",") if event.strip())
    for event in found:
        if event not in _ROLLBACK_EVENTS:
            raise click.BadParameter(f"{event!r} is none of {', '.join(_ROLLBACK_EVENTS)}")
    return found


rollback_events: Final = click.option(
    "--rollback-events",
    metavar="EVENT,...",
    callback=_events,
    help=f"When CodeDeploy rolls back: {', '.join(_ROLLBACK_EVENTS)}.",
)
"""The flag that names CodeDeploy's events."""


wait_until: Final = click.option(
    "--wait-until",
    "--until",
    "wait_until",
    default="deployed",
    show_default=True,
    metavar="STATE",
    callback=_until,
    shell_complete=_states,
    envvar=options.variables("wait_until"),
    help="deployed: all tasks are new ones. stable: and nothing else is left. paused: a PAUSE hook holds it. "
    "ecs:STAGE: a lifecycle stage is reached (ecs:PRODUCTION_TRAFFIC_SHIFT). codedeploy:EVENT: an event of CodeDeploy "
    "is over (codedeploy:AllowTraffic).",
)
"""The flag that says what to wait for."""


def waiting(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the flags about waiting."""
    return click.option("--wait/--no-wait", default=True, help="Wait for the rollout.")(wait_until(function))


on_failure: Final = click.option(
    "--on-failure",
    type=click.Choice(["keep", "rollback"]),
    default="keep",
    show_default=True,
    envvar=options.variables("on_failure"),
    help="When the rollout fails or times out: keep it as it is, or go back as `reconciler rollback` does.",
)
"""The flag that says what to do about a rollout that fails."""


def insist_waiting(on_failure: str, *, wait: bool) -> None:
    """Refuse to undo what nobody waits for. click.UsageError."""
    if on_failure == "rollback" and not wait:
        raise click.UsageError("--on-failure rollback needs to wait: leave --no-wait out")
