"""Ways back: what is wished, what AWS says, and what would be done about it, as values and in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Final, TypeAlias, assert_never

from reconciler.core.appspecs import Settings
from reconciler.core.revisions import short
from reconciler.core.values import JsonObject
from reconciler.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How to go back.

    `to` names a registered revision: its number, ``family:number`` or its ARN. `deployment` is the id of the rollout
    to undo: with one nothing but that rollout is undone. `events` are CodeDeploy's (``DEPLOYMENT_FAILURE``, …), and
    `codedeploy` is what the project says of it.
    """

    to: str = ""
    deregister: bool = True
    deployment: str = ""
    events: tuple[str, ...] = ()
    codedeploy: Settings = field(default_factory=Settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """What every way back has: the service, the ARN of the revision that it leaves and of the one that it goes to.

    `target` is empty where ECS alone knows; `deregisters` is what to deregister afterwards, if anything. `notes` say
    what could not be read. `primary` is the id of the deployment that was PRIMARY when this was decided, empty where
    there was none: in place of another one nothing is sent.
    """

    cluster: str
    service: str
    left: str
    target: str
    deregisters: str = ""
    notes: tuple[str, ...] = ()
    primary: str = ""

    @property
    def unit(self) -> str:
        """Give the address of the service in a plan."""
        return f"service.{self.cluster}/{self.service}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop(Back):
    """Stop the service deployment that is under way (its ARN, and when it was made), and let ECS go back."""

    arn: str
    created: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Await(Back):
    """Send nothing: ECS goes back by itself, from the service deployment that was made at `created`, or has done so
    (`over`).
    """

    created: float
    over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(Back):
    """Update the service (input of UpdateService); `why` it is this revision."""

    body: JsonObject
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopShift(Back):
    """Stop the CodeDeploy deployment that is under way (its id), and have CodeDeploy go back."""

    deployment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitShift(Back):
    """Send nothing: CodeDeploy goes back already from a deployment (its id)."""

    deployment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeploy(Back):
    """Have CodeDeploy deploy an earlier revision (input of CreateDeployment, and its AppSpec); `why` it is that one."""

    body: JsonObject
    appspec: JsonObject
    why: str


Undoing: TypeAlias = Stop | Await | Update | StopShift | AwaitShift | Redeploy


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What AWS says, as far as going back depends on it.

    `record` is the newest service deployment, `revision` the service revision that it leads to, `sources` those that
    it comes from; `completed` those that completed, the newest first; `own` is the ARN of the one that was made with
    the PRIMARY deployment. `recorded` is false where service deployments may not be read. `active` are the registered
    revisions that are ACTIVE, the newest first, and `failed` those that were tried of late and never completed;
    `wanted` is what `Wish.to` names. Of CodeDeploy's there are the `group` that deploys the service, and its `shifts`,
    the newest first.
    """

    cluster: str
    service: str
    body: JsonObject
    record: JsonObject = field(default_factory=dict)
    own: str = ""
    revision: JsonObject = field(default_factory=dict)
    sources: tuple[JsonObject, ...] = ()
    completed: tuple[JsonObject, ...] = ()
    recorded: bool = True
    active: tuple[str, ...] = ()
    failed: frozenset[str] = frozenset()
    wanted: str = ""
    notes: tuple[str, ...] = ()
    group: JsonObject = field(default_factory=dict)
    shifts: tuple[JsonObject, ...] = ()


def describe(way: Undoing) -> tuple[str, ...]:
    """Say what a rollback does, a line each."""
    left, target = short(way.left), short(way.target) or "the revision before"
    lines: Iterable[str]
    match way:
        case Stop():
            back = target if left != target else f"the service revision before, of {target} too"
            lines = (f"stop the rollout of {left}; ECS goes back to {back}",)
        case Await(over=True):
            lines = (f"ECS has gone back from {left} to {target} already; `--to` goes further",)
        case Await():
            lines = (f"nothing to send: ECS is going back from {left} to {target} already",)
        case Update():
            with_it = [name for name in way.body if name not in _NOT_MEMBERS]
            if left == target:
                go = "goes" if len(with_it) == 1 else "go"
                lines = (f"{', '.join(with_it)} {go} back to what {way.why} had",)
            else:
                step = f"update from {left} to {target}, {way.why}"
                lines = (step + (f"; with it goes back {', '.join(with_it)}" if with_it else ""),)
        case StopShift():
            lines = (f"stop the CodeDeploy deployment {way.deployment} of {left}; it goes back to {target}",)
        case AwaitShift():
            lines = (f"nothing to send: CodeDeploy is going back from {left} to {target} already",)
        case Redeploy():
            group = f"{way.body.get('applicationName')}/{way.body.get('deploymentGroupName')}"
            lines = (f"have CodeDeploy (group {group}) deploy {target} in place of {left}, {way.why}",)
        case _:
            assert_never(way)
    if way.deregisters:
        lines = (*lines, f"deregister {short(way.deregisters)} once that is stable")
    return tuple(f"{way.unit}: {line}" for line in lines)


_NOT_MEMBERS: Final = ("cluster", "service", "taskDefinition", "forceNewDeployment")
