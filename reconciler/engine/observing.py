"""What is there now. Reads that do not depend on each other run side by side, and none is done twice."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import field

from reconciler.core import expresses, pointers
from reconciler.core.values import Json, JsonObject
from reconciler.engine.ports import Absent, Gateway, Snapshot
from reconciler.errors import AwsNotFound, ConfigError, Where
from reconciler.records import dataclass


@dataclass(frozen=True, slots=True)
class Observed:
    """What AWS says of one service and its task definition.

    `running` is the revision that the service runs (which may be INACTIVE), `newest` the family's latest ACTIVE
    one. None means that it was not asked for. `scaling` is the service's scalable target; `revised` holds members
    of the service that its current service revision alone shows, `shifting` what CodeDeploy does with it now, and
    `paused` is the lifecycle stage at which a PAUSE hook holds its rollout.
    `express` is what the service is in Express Mode, `made` the security groups that ECS added to it by itself.
    `saved` says that it was read from a file.
    """

    account: str
    region: str
    service: Snapshot | Absent | None = None
    running: Snapshot | Absent | None = None
    newest: Snapshot | Absent | None = None
    saved: bool = False
    scaling: Snapshot | Absent | None = None
    revised: JsonObject = field(default_factory=dict)
    shifting: tuple[JsonObject, ...] = ()
    paused: str = ""
    express: Snapshot | Absent | None = None
    made: tuple[str, ...] = ()

    def live_revision(self) -> Snapshot | None:
        """Give the revision that a task definition is compared with: the running one, else the newest."""
        for candidate in (self.running, self.newest):
            if isinstance(candidate, Snapshot):
                return candidate
        return None


@dataclass(slots=True)
class Reads:
    """Reads under way. Start them as soon as their names are known, ask for the answers when they are needed.

    `recall`, if it is given, gives what is remembered of a revision by its ARN; `recalled` tells whether it was used.
    """

    gateway: Gateway
    pool: ThreadPoolExecutor
    cluster: str
    name: str
    _account: Future[str] | None = field(default=None)
    _service: Future[Snapshot | Absent] | None = field(default=None)
    _scaling: Future[Snapshot | Absent] | None = field(default=None)
    _newest: dict[str, Future[Snapshot | Absent]] = field(default_factory=dict)
    recall: Callable[[str], Snapshot | None] | None = None
    recalled: bool = False

    def start(self) -> None:
        """Ask for the account and the service."""
        self._account = self._account or self.pool.submit(self.gateway.account)
        if self.name and self._service is None:
            self._service = self.pool.submit(self._describe)

    def expect(self, family: str) -> None:
        """Ask for the newest revision of a family ahead of need: most often it is the one that runs."""
        if family and family not in self._newest:
            self._newest[family] = self.pool.submit(self.gateway.describe_task_definition, family)

    def expect_scaling(self) -> None:
        """Ask for the service's scalable target."""
        if self.name and self._scaling is None:
            self._scaling = self.pool.submit(self.gateway.describe_scaling, self.cluster, self.name)

    def _describe(self) -> Snapshot | Absent:
        return describe(self.gateway, self.cluster, self.name)

    def observe(self, family: str, *, express: bool = False) -> Observed:
        """Wait for everything. The running revision is read only where it is not the newest one.

        Neither is where the running one is remembered, and the newest was not asked for yet: it then is None.
        Of an Express Mode service it is none of the project's; and the cluster `default` need not be there, since ECS
        makes it for the first one (API model, CreateExpressGatewayService).
        """
        self.start()
        if self.recall is None:
            self.expect(family)
        assert self._account is not None
        service = self._described(express)
        arn = "" if express else _runs(service)
        runs: Snapshot | Absent | None = self._recalled(arn) if family not in self._newest else None
        newest: Snapshot | Absent | None = None
        if runs is None:
            self.expect(family)
            newest = self._newest[family].result() if family else None
            runs = self._running(arn, newest)
        scaling = self._scaling.result() if self._scaling is not None else None
        return Observed(self._account.result(), self.gateway.region, service, runs, newest, scaling=scaling)

    def _described(self, express: bool) -> Snapshot | Absent | None:
        try:
            return self._service.result() if self._service is not None else None
        except AwsNotFound as error:
            if express and self.cluster == "default" and error.code == "ClusterNotFoundException":
                return Absent(error.code)
            raise

    def _running(self, arn: str, newest: Snapshot | Absent | None) -> Snapshot | Absent | None:
        if not arn:
            return None
        if isinstance(newest, Snapshot) and revision_arn(newest) == arn:
            return newest
        return self._recalled(arn) or self.gateway.describe_task_definition(arn)

    def _recalled(self, arn: str) -> Snapshot | None:
        found = self.recall(arn) if self.recall is not None and arn else None
        self.recalled = self.recalled or found is not None
        return found

    def forget(self) -> None:
        """Have what was remembered be read at the next `observe`."""
        self.recall, self.recalled = None, False


def _runs(service: Snapshot | Absent | None) -> str:
    """Give the ARN of the revision that a service runs; empty where there is none."""
    if not isinstance(service, Snapshot) or service.body.get("status") == "INACTIVE":
        return ""
    arn = service.body.get("taskDefinition")
    return arn if isinstance(arn, str) else ""


def revised(gateway: Gateway, service: Snapshot | Absent | None, members: Collection[str]) -> JsonObject:
    """Read members that only DescribeServiceRevisions shows, from the newest of the revisions that run."""
    current = service.body.get("currentServiceRevisions") if isinstance(service, Snapshot) else None
    arns = (
        [str(each["arn"]) for each in current if isinstance(each, dict)] if isinstance(current, list) else []
    )
    if not arns or not members:
        return {}
    revisions = gateway.describe_service_revisions(arns)
    newest = max(revisions, key=lambda revision: str(revision.get("createdAt", "")), default={})
    return {name: newest[name] for name in members if name in newest}


def express(gateway: Gateway, service: Snapshot | Absent | None) -> Snapshot | Absent:
    """Describe what a service is in Express Mode, by its ARN; Absent where it is none."""
    if not isinstance(service, Snapshot) or not expresses.managed(service.body):
        return Absent()
    return gateway.express.describe(str(service.body["serviceArn"]))


def made(gateway: Gateway, express: Snapshot) -> JsonObject:
    """Give what ECS made for the revision that the service moves to, or rests at (ECSManagedResources)."""
    arn = expresses.configuration(express.body).get("serviceRevisionArn")
    revisions = gateway.describe_service_revisions([arn]) if isinstance(arn, str) else ()
    return next((pointers.objects(each.get("ecsManagedResources") or {}) for each in revisions), {})


def made_groups(made: JsonObject) -> tuple[str, ...]:
    """Give the ids of the security groups among what ECS made.

    It adds them to those of the network configuration (Terraform's provider, issue 47908).
    """
    groups = _objects(made.get("serviceSecurityGroups"))
    return tuple(str(group.get("arn")).rpartition("/")[2] for group in groups)


def made_log_groups(made: JsonObject) -> tuple[str, ...]:
    """Give the names of the log groups among what ECS made."""
    return tuple(str(group.get("logGroupName")) for group in _objects(made.get("logGroups")))


def _objects(items: Json) -> tuple[JsonObject, ...]:
    return tuple(item for item in items if isinstance(item, dict)) if isinstance(items, list | tuple) else ()


def describe(gateway: Gateway, cluster: str, service: str) -> Snapshot | Absent:
    """Describe a service. AwsNotFound names the cluster where that is what is not there."""
    try:
        return gateway.describe_services(cluster, [service])[service]
    except AwsNotFound as error:
        if error.code == "ClusterNotFoundException":
            error.what = f"there is no cluster {cluster} in {gateway.region}"
            error.hint = (
                "check `cluster` and `region` of the project, and the account: `aws ecs list-clusters`"
            )
        raise


def revision_arn(snapshot: Snapshot) -> str:
    """Give the ARN of a described task definition, saved whole or without what stands around it."""
    inner = snapshot.body.get("taskDefinition", snapshot.body)
    arn = inner.get("taskDefinitionArn") if isinstance(inner, dict) else None
    return arn if isinstance(arn, str) else ""


def read_saved(document: object, path: str) -> Observed:
    """Read a saved description (`plan --live FILE`): DescribeServices, DescribeTaskDefinition or
    DescribeExpressGatewayService, as the CLI prints it.

    Only the kinds that the file holds are observed. ConfigError where it holds neither.
    """
    if not isinstance(document, dict):
        raise ConfigError("a saved description is an object", Where(path), _SAVED_HINT)
    body: JsonObject = document
    service: Snapshot | None = None
    revision: Snapshot | None = None
    services = body.get("services")
    inner = body.get("service", body)
    if isinstance(inner, dict) and expresses.CONFIGURATIONS in inner:
        return Observed("", "", saved=True, express=Snapshot(inner))
    inner = body.get("service")
    if isinstance(services, list):
        if len(services) != 1 or not isinstance(services[0], dict):
            what = f"this describes {len(services)} services, one is expected"
            raise ConfigError(what, Where(path), _SAVED_HINT)
        service = Snapshot(services[0])
    elif isinstance(inner, dict):
        service = Snapshot(inner)
    elif "serviceName" in body or "serviceArn" in body:
        service = Snapshot(body)
    if isinstance(body.get("taskDefinition"), dict):
        revision = Snapshot({name: body[name] for name in ("taskDefinition", "tags") if name in body})
    elif "containerDefinitions" in body:
        revision = Snapshot(body)
    if service is None and revision is None:
        what = "this describes neither a service nor a task definition"
        raise ConfigError(what, Where(path), _SAVED_HINT)
    return Observed("", "", service, revision, saved=True)


_SAVED_HINT = (
    "save the output of `aws ecs describe-services`, `aws ecs describe-task-definition` or "
    "`aws ecs describe-express-gateway-service`"
)
