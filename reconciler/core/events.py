"""What the engine reports while it works. It prints nothing: `render` turns events into lines."""

from __future__ import annotations

from typing import TypeAlias

from reconciler.core.causes import Diagnosis
from reconciler.core.values import JsonObject
from reconciler.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """A step is about to be sent."""

    unit: str
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDone:
    """A step was carried out; `result` is the ARN that came of it, `reused` that nothing had to be sent."""

    unit: str
    step: str
    result: str = ""
    reused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutProgress:
    """The service as it was just described. `deployments` are the API's, PRIMARY first.

    `record` is its service deployment as the API describes it, None where none is known; `stage` that one's lifecycle
    stage; `usual` how many seconds the last successful one took, 0 where none is known. A deployment of CodeDeploy's is
    told in the same form (`core.codedeployments.record`), its lifecycle event as the stage.
    """

    unit: str
    at: float
    deployments: tuple[JsonObject, ...]
    state: str
    reason: str
    stage: str = ""
    record: JsonObject | None = None
    usual: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEvent:
    """A line of the service's own event log, each reported once; lines that repeat one another are one, `times` told.

    `at` is in seconds since 1970, by AWS's clock.
    """

    unit: str
    at: float
    message: str
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """Something that the user should know and that does not stop the work."""

    unit: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosed:
    """Why a rollout fails, or does not move."""

    unit: str
    diagnosis: Diagnosis


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskProgress:
    """A task that was run has moved. `task` is its ARN, `status` the API's lastStatus, `reason` why it stopped."""

    unit: str
    at: float
    task: str
    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """A line that a container wrote. `at` is in seconds since 1970, by AWS's clock; `task` is the task's id."""

    unit: str
    at: float
    task: str
    container: str
    text: str


Event: TypeAlias = (
    StepStarted | StepDone | RolloutProgress | ServiceEvent | Warned | Diagnosed | TaskProgress | LogLine
)
