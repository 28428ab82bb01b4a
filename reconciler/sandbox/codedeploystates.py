"""The state of simulated CodeDeploy in one region: plain records, as `worlds` has them for ECS."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from reconciler.sandbox.worlds import Deployment, Service

Body: TypeAlias = dict[str, Any]

OVER: Final = ("Succeeded", "Failed", "Stopped")
"""The statuses that a deployment does not leave."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What an AppSpec asks for, in the spelling of ECS's API; `hooks` are functions by lifecycle event."""

    task_definition: str
    container: str
    port: int
    platform_version: str
    network: Body | None
    strategy: list[Body] | None
    hooks: Mapping[str, str]


@dataclass(slots=True, eq=False)
class Run:
    """A deployment: `body` is what GetDeployment shows, `events` and the two task sets are what its target shows.

    `steps` does the work and gives the seconds to wait; `turn` counts its wake-ups, so that one that was planned
    before an interruption is known to be stale. `waits` names what the deployment waits for, where a caller can
    end that wait, which `released` then tells. `hook` is the id of the hook execution that is waited for, `reported`
    the status that a caller has told of it, and `executions` are the events of all that ever were. `weight` is the
    percentage of traffic that the replacement has. `last` are the task sets as they were at the end.
    """

    body: Body
    events: list[Body]
    service: "Service"
    steps: Iterator[float]
    updated: float
    hooks: Mapping[str, str] = field(default_factory=dict)
    original: "Deployment | None" = None
    replacement: "Deployment | None" = None
    weight: float = 0.0
    turn: int = 0
    waits: str = ""
    released: bool = False
    hook: str = ""
    reported: str = ""
    executions: dict[str, str] = field(default_factory=dict)
    last: list[Body] | None = None

    @property
    def id(self) -> str:
        """The deployment's id."""
        return str(self.body["deploymentId"])

    @property
    def over(self) -> bool:
        """Whether the deployment has come to its end."""
        return self.body["status"] in OVER


@dataclass(slots=True, eq=False)
class State:
    """Everything CodeDeploy knows in one region.

    `groups` and `revisions` are by application and name or hash; `runs` are in order of creation; `target_groups`
    are ARNs by name.
    """

    applications: dict[str, Body] = field(default_factory=dict)
    groups: dict[tuple[str, str], Body] = field(default_factory=dict)
    configurations: dict[str, Body] = field(default_factory=dict)
    revisions: dict[tuple[str, str], Body] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    target_groups: dict[str, str] = field(default_factory=dict)
