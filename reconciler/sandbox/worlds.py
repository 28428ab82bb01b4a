"""The state of simulated ECS in one region: plain records that the rule modules read and change."""

import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from reconciler.sandbox.clocks import Agenda
from reconciler.sandbox.codedeploystates import State
from reconciler.sandbox.images import Repository
from reconciler.sandbox.knobs import Knobs
from reconciler.sandbox.outcomes import Strategy, by_tag
from reconciler.sandbox.scripts import Script

Body: TypeAlias = dict[str, Any]
"""A JSON object as it goes over the wire."""

ACCOUNT: Final = "123456789012"
CALLER: Final = f"arn:aws:iam::{ACCOUNT}:user/sandbox"


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of a deployment that moves traffic: for how long at least, and the shares of traffic from then on."""

    stage: str
    lasts: float = 0
    production: float | None = None
    test: float | None = None


@dataclass(slots=True, eq=False)
class Hook:
    """One execution of a lifecycle hook: `body` is what the API shows, `ends` when it will have ended as `ending`."""

    body: Body
    stage: str
    ends: float
    ending: str


@dataclass(slots=True, eq=False)
class TaskSet:
    """What a deployment has besides where it is a task set: the members of the service that are its `own`.

    `scale` is in percent of the service's desired count; `judged` is since when it has or has not been stable.
    """

    own: Body
    scale: float = 100.0
    external_id: str = ""
    stable: bool = False
    judged: float = 0


@dataclass(slots=True, eq=False)
class Deployment:
    """One entry of a service's `deployments`. `settings` are the members copied from the service at its start.

    `path` are its stages under the strategies that move traffic, `position` the one that it has reached and
    `entered` when; `production` and `test` are its shares of traffic in percent. `ready` is when a rolling
    deployment was through but for its bake time. `asked` is how a user wants it to end. `ignored` are the alarms
    that were in ALARM when it began, `alternate` whether it stands in the alternate target groups;
    `task_set` is for the services that CodeDeploy deploys.
    """

    id: str
    status: str
    task_definition: str
    desired: int
    created: float
    updated: float
    settings: Body
    revision: str
    record: Body
    failed: int = 0
    rollout: str = "IN_PROGRESS"
    reason: str = ""
    not_before: float = 0
    rolling_back: bool = False
    ready: float | None = None
    stuck: bool = False
    path: tuple[Step, ...] = ()
    position: int = 0
    entered: float | None = None
    hooks: list[Hook] = field(default_factory=list)
    production: float | None = None
    test: float | None = None
    asked: str = ""
    ignored: frozenset[str] = frozenset()
    alternate: bool = False
    task_set: TaskSet | None = None

    @property
    def step(self) -> Step | None:
        """The stage that has been reached, if the deployment has any."""
        return self.path[self.position] if self.path else None


@dataclass(slots=True, eq=False)
class Express:
    """What makes a service an Express one: `configurations` are what the API shows by service revision.

    `registered` are the registrations of the task definitions made for it by ARN, `customised` says that the customer
    gave the present one; `suffix` is in the names of what is made for it.
    """

    region: str
    cluster: str
    name: str
    role: str
    suffix: str
    configurations: dict[str, Body] = field(default_factory=dict)
    registered: dict[str, Body] = field(default_factory=dict)
    customised: bool = False
    updated: float = 0


@dataclass(slots=True, eq=False)
class Service:
    """A service: `body` holds the members that the API echoes, the rest is what the scheduler works with.

    `unlisted` are the settings that the API shows on deployments or revisions only; `tasks` include those
    that stopped lately, by id; `origin` is the launch type that an empty capacity provider strategy leads to;
    `good` is the deployment that completed last, `stale` what is shown of the service until when,
    `speaks_as` is how its events name it, if not by its name alone.
    """

    cluster: str
    name: str
    body: Body
    unlisted: Body = field(default_factory=dict)
    deployments: list[Deployment] = field(default_factory=list)
    tasks: dict[str, "Task"] = field(default_factory=dict)
    events: list[Body] = field(default_factory=list)
    records: list[Body] = field(default_factory=list)
    revisions: dict[str, Body] = field(default_factory=dict)
    steady: bool = False
    woken: float | None = None
    visible_from: float = 0
    stale: tuple[Body, float] | None = None
    client_token: str = ""
    origin: str = "EC2"
    good: Deployment | None = None
    speaks_as: str = ""
    express: Express | None = None

    @property
    def rolls(self) -> bool:
        """Whether ECS itself deploys the service, and not CodeDeploy or an external controller."""
        return bool(self.body["deploymentController"]["type"] == "ECS")

    @property
    def primary(self) -> Deployment:
        """The deployment that the service is moving to, or rests at."""
        return self.deployments[0]

    @property
    def desired(self) -> int:
        """How many tasks the service shall run."""
        return int(self.body["desiredCount"])

    def alive(self, deployment: Deployment | None = None) -> "list[Task]":
        """Give the tasks, of one deployment or of all, that are not STOPPED."""
        return [
            task
            for task in self.tasks.values()
            if task.status != "STOPPED" and (deployment is None or task.deployment is deployment)
        ]


@dataclass(slots=True, eq=False)
class Task:
    """A task: `body` is what DescribeTasks shows; `changed` tells the scheduler that something happened.

    One that RunTask started belongs to a service and a deployment of its own, which have no name and are nowhere else.
    `sick` means that it fails its health checks, `draining` that its targets are on their way out,
    `protected` is until when it is protected from being stopped by its service.
    """

    id: str
    body: Body
    cluster: str
    service: Service
    deployment: Deployment
    changed: Callable[[], None]
    healthy: bool = False
    sick: bool = False
    draining: bool = False
    protected: float = 0

    @property
    def wanted(self) -> bool:
        """Whether the task shall run."""
        return bool(self.body["desiredStatus"] == "RUNNING")

    @property
    def standalone(self) -> bool:
        """Whether no service started the task."""
        return not self.service.name

    @property
    def status(self) -> str:
        """The task's `lastStatus`."""
        return str(self.body["lastStatus"])


@dataclass(frozen=True, slots=True)
class Network:
    """What is in a VPC: the ids of its subnets and security groups."""

    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]


@dataclass(slots=True, eq=False)
class LogStream:
    """A stream of CloudWatch Logs: when it was created, in milliseconds since 1970, and its events."""

    created: int
    events: list[Body] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class LogGroup:
    """A group of CloudWatch Logs: when it was created, in milliseconds since 1970, and its streams by name."""

    created: int
    streams: dict[str, LogStream] = field(default_factory=dict)


class World:
    """Everything ECS knows in one region, its agenda, and its source of ids and choices."""

    def __init__(self, region: str, now: float, knobs: Knobs, seed: int, outcomes: Strategy = by_tag) -> None:
        """Make an empty region. The same `seed` and the same calls give the same ids.

        `address` is where the sandbox answers, `began` when the region's time began. `alarms` are the states of
        CloudWatch alarms by name, `begun` is told of every deployment that begins; while `seeding`, services come to
        rest without lifecycle hooks. `logs` are groups by name; with `logged_strictly` a container whose group is not
        there does not start. `tokens` are the requests of RunTask and the ids of their tasks by cluster and
        clientToken, `sessions` the targets of open sessions by id, `trail` what services of AWS's called, `refused` is
        what the updates that a script sends were refused with.
        """
        self.region = region
        self.knobs = knobs
        self.outcomes = outcomes
        self.agenda = Agenda(now)
        self.began = now
        self.address = "http://127.0.0.1"
        self.random = random.Random(f"{seed}/{region}")
        self.clusters: dict[str, Body] = {}
        self.instances: dict[str, list[Body]] = {}
        self.providers: dict[str, Body] = {}
        self.families: dict[str, dict[int, Body]] = {}
        self.services: dict[tuple[str, str], Service] = {}
        self.tasks: dict[str, Task] = {}
        self.tags: dict[str, list[Body]] = {}
        self.settings: dict[str, str] = {}
        self.targets: dict[str, Body] = {}
        self.alarms: dict[str, str] = {}
        self.logs: dict[str, LogGroup] = {}
        self.logged_strictly = False
        self.networks: Mapping[str, Network] = {}
        self.quotas: Mapping[str, float] = {}
        self.target_groups: Mapping[str, Body] = {}
        self.listener_rules: Mapping[str, tuple[str, ...]] = {}
        self.stacks: Mapping[str, Any] = {}
        self.repositories: dict[str, Repository] = {}
        self.refused: list[str] = []
        self.trail: list[Body] = []
        self.sessions: dict[str, str] = {}
        self.tokens: dict[tuple[str, str], tuple[Body, list[str]]] = {}
        self.script = Script()
        self.seeding = False
        self.begun: Callable[[Service, Deployment], None] = lambda _service, _deployment: None
        self.codedeploy = State()

    @property
    def now(self) -> float:
        """The simulated instant, in seconds since 1970."""
        return self.agenda.time

    def arn(self, kind: str, rest: str) -> str:
        """Give the ARN of an ECS thing in this region."""
        return f"arn:aws:ecs:{self.region}:{ACCOUNT}:{kind}/{rest}"

    def digits(self, count: int) -> str:
        """Give a fresh decimal id of `count` digits, as deployments have them."""
        return str(self.random.randrange(10 ** (count - 1), 10**count))

    def hexadecimal(self) -> str:
        """Give a fresh id of 32 hexadecimal digits, as tasks have them."""
        return f"{self.random.getrandbits(128):032x}"

    def uuid(self) -> str:
        """Give a fresh UUID, as events have them."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))
