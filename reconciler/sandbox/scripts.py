"""What a seed scripts: the fates of containers, how lifecycle hooks end, when alarms go off, what others do meanwhile.

outcomes   [{image, container, command, outcome, exit_code, reason, after, logs, agent, times}]: the first that fits
           decides; `image`, `container` and `command` (its words, with a space between them) are patterns
           (`*/web:2*`), `times` is for how many tasks the entry holds. `logs` are lines, or {after, line}
hooks      {pattern of a function's ARN: {status, seconds, stage}}
alarms     {name: state}, or {name: {after, state, task_definition}}: `after` seconds into a deployment (of that
           task definition only, if one is named) the alarm goes into `state`, ALARM if none is given
meanwhile  [{service, cluster, after, times, update}]: `after` seconds into a deployment of the service somebody
           else sends UpdateService with the members of `update`
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final

from reconciler.sandbox import readings
from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.knobs import Knobs
from reconciler.sandbox.outcomes import Fate, Outcome

STATES: Final = ("OK", "ALARM", "INSUFFICIENT_DATA")
_ENDINGS: Final = ("SUCCEEDED", "FAILED", "IN_PROGRESS")
_AGENTS: Final = ("RUNNING", "PENDING", "STOPPED")
_OF_OUTCOME: Final = (
    *("image", "container", "command", "outcome", "exit_code", "reason", "after", "logs", "agent", "times"),
)


@dataclass(slots=True)
class Rule:
    """An entry of `outcomes`; `left` counts down."""

    image: str
    container: str
    fate: Fate
    left: float
    command: str = "*"


@dataclass(frozen=True, slots=True)
class Ending:
    """An entry of `hooks`."""

    function: str
    stage: str
    status: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Alarm:
    """An entry of `alarms`; without `after` it is a state from the start."""

    name: str
    state: str
    after: float | None = None
    task_definition: str = ""


@dataclass(slots=True)
class Meanwhile:
    """An entry of `meanwhile`; `left` counts down."""

    service: str
    cluster: str
    after: float
    update: dict[str, Any]
    left: float


@dataclass(slots=True)
class Script:
    """All of it."""

    outcomes: list[Rule] = field(default_factory=list)
    hooks: list[Ending] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    meanwhile: list[Meanwhile] = field(default_factory=list)

    def fate(self, image: str, container: str, command: Sequence[str] = ()) -> Rule | None:
        """Give the entry that decides the fate of a container, if any does."""
        return next(
            (
                rule
                for rule in self.outcomes
                if rule.left > 0
                and fnmatchcase(image, rule.image)
                and fnmatchcase(container, rule.container)
                and fnmatchcase(" ".join(command), rule.command)
            ),
            None,
        )

    def hook(self, knobs: Knobs, function: str, stage: str, arn: str = "") -> tuple[str, float]:
        """Give how the execution of a function ends, and after how many seconds; `inf` if it never does.

        `arn` is that of a function which is called by its name.
        """
        for each in self.hooks:
            fits = any(fnmatchcase(name, each.function) for name in (function, arn) if name)
            if fits and each.stage in ("", stage):
                if each.status == "IN_PROGRESS":
                    return "", math.inf
                return each.status, knobs.hook if each.seconds is None else each.seconds
        return "SUCCEEDED", knobs.hook


def read(given: Mapping[str, Any]) -> Script:
    """Read the members of a seed that are a script; anything wrong is a `SandboxError` that names the place."""
    outcomes, meanwhile = (readings.items(given.get(name), name) for name in ("outcomes", "meanwhile"))
    hooks = readings.mapping(given.get("hooks"), "hooks")
    alarms = readings.mapping(given.get("alarms"), "alarms")
    return Script(
        [_rule(each, f"outcomes[{number}]") for number, each in enumerate(outcomes)],
        [_ending(name, each, f"hooks.{name}") for name, each in hooks.items()],
        [_alarm(name, each, f"alarms.{name}") for name, each in alarms.items()],
        [_meanwhile(each, f"meanwhile[{number}]") for number, each in enumerate(meanwhile)],
    )


def state(value: object, place: str) -> str:
    """Give the state of an alarm; anything else is a `SandboxError`."""
    return readings.one_of(value, STATES, place)


def _rule(given: object, place: str) -> Rule:
    members = readings.members(given, place, _OF_OUTCOME)
    kinds = [each.value for each in Outcome]
    outcome = Outcome(readings.one_of(members.get("outcome", "runs"), kinds, f"{place}.outcome"))
    code = members.get("exit_code", 0 if outcome is Outcome.EXITS else 1)
    if isinstance(code, bool) or not isinstance(code, int) or not 0 <= code <= 255:
        raise SandboxError("must be a whole number from 0 to 255", f"{place}.exit_code")
    fate = Fate(
        outcome,
        code,
        readings.text(members, "reason", place),
        readings.seconds(members, "after", place),
        _lines(members.get("logs", []), f"{place}.logs"),
        readings.one_of(members.get("agent", "RUNNING"), _AGENTS, f"{place}.agent"),
    )
    return Rule(
        readings.text(members, "image", place, "*"),
        readings.text(members, "container", place, "*"),
        fate,
        readings.times(members, place, math.inf),
        readings.text(members, "command", place, "*"),
    )


def _lines(given: object, place: str) -> tuple[tuple[float, str], ...]:
    if not isinstance(given, list):
        raise SandboxError("must be a list of lines", place)
    lines = []
    for number, each in enumerate(given):
        if isinstance(each, str):
            lines.append((0.0, each))
            continue
        if not isinstance(each, Mapping):
            raise SandboxError("must be a list of lines", place)
        members = readings.members(each, f"{place}[{number}]", ("after", "line"))
        after = readings.seconds(members, "after", f"{place}[{number}]") or 0.0
        lines.append((after, readings.text(members, "line", f"{place}[{number}]")))
    return tuple(lines)


def _ending(name: str, given: object, place: str) -> Ending:
    members = readings.members(given, place, ("status", "seconds", "stage"))
    status = readings.one_of(members.get("status", "SUCCEEDED"), _ENDINGS, f"{place}.status")
    return Ending(
        name, readings.text(members, "stage", place), status, readings.seconds(members, "seconds", place)
    )


def _alarm(name: str, given: object, place: str) -> Alarm:
    if isinstance(given, str):
        return Alarm(name, state(given, place))
    members = readings.members(given, place, ("after", "state", "task_definition"))
    reached = state(members.get("state", "ALARM"), f"{place}.state")
    after = readings.seconds(members, "after", place)
    return Alarm(name, reached, after or 0.0, readings.text(members, "task_definition", place))


def _meanwhile(given: object, place: str) -> Meanwhile:
    members = readings.members(given, place, ("service", "cluster", "after", "times", "update"))
    if not members.get("service"):
        raise SandboxError("must name a service", f"{place}.service")
    return Meanwhile(
        readings.text(members, "service", place),
        readings.text(members, "cluster", place, "default"),
        readings.seconds(members, "after", place) or 0.0,
        readings.mapping(members.get("update"), f"{place}.update"),
        readings.times(members, place, 1),
    )
