"""Finding the deployment group that deploys a service: by the names that the project gives, by the deployment that made
what runs, else by looking through the applications. Changes nothing.

The whole account shares CodeDeploy's limits, and services are deployed many at a time: so calls are made one after
the other, the likeliest first, no more than needed, and with growing pauses once they are throttled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from reconciler.core import codedeployments
from reconciler.core.appspecs import Settings
from reconciler.core.kinds.spellings import short_name
from reconciler.core.values import JsonObject
from reconciler.engine.ports import Clock, CodeDeploy
from reconciler.errors import AwsDenied, AwsNotFound, AwsThrottled, Refused
from reconciler.load.calls import near
from reconciler.records import dataclass

Answer = TypeVar("Answer")

PATIENCE: Final = 60.0
"""How long throttled calls are tried again, in seconds."""
APPLICATIONS: Final = 500
"""How many applications are looked through: two calls each."""
_FIRST_PAUSE: Final = 1.0

_NAME_IT: Final = "name it in the project file: `codedeploy: {application_name: …, deployment_group_name: …}`"


@dataclass(frozen=True, slots=True)
class Group:
    """A deployment group as BatchGetDeploymentGroups describes it, and the configuration that deploys."""

    body: JsonObject
    configuration: str

    @property
    def application(self) -> str:
        """Give the name of its application."""
        return str(self.body.get("applicationName", ""))

    @property
    def name(self) -> str:
        """Give its own name."""
        return str(self.body.get("deploymentGroupName", ""))

    @property
    def kept(self) -> int:
        """Give for how many minutes the tasks before are kept; -1 if nothing stops them."""
        settings = self.body.get("blueGreenDeploymentConfiguration")
        option = (
            settings.get("terminateBlueInstancesOnDeploymentSuccess") if isinstance(settings, dict) else None
        )
        if not isinstance(option, dict):
            return 0
        minutes = option.get("terminationWaitTimeInMinutes")
        return -1 if option.get("action") == "KEEP_ALIVE" else minutes if isinstance(minutes, int) else 0


def find(
    port: CodeDeploy, clock: Clock, named: Settings, cluster: str, service: str, live: JsonObject
) -> Group:
    """Find the group of a service, which `live` describes. Refused where there is none, or another one is named."""
    search = _Search(port, clock, named, str(short_name(cluster)), service)
    body = (
        search.configured() if named.group and named.application else search.recent(live) or search.looked()
    )
    if named.configuration:
        search.insist_on_configuration()
    return Group(body, named.configuration or str(body.get("deploymentConfigName", "")))


def running(port: CodeDeploy, clock: Clock, group: Group) -> JsonObject | None:
    """Give the deployment of a group that is not over, None where there is none."""
    ids = patiently(
        clock,
        lambda: port.list_deployments(group.application, group.name, statuses=codedeployments.OPEN, limit=1),
    )
    found = patiently(clock, lambda: port.describe_deployments(ids)) if ids else ()
    return next((info for info in found if not codedeployments.over(info)), None)


def patiently(clock: Clock, call: Callable[[], Answer]) -> Answer:
    """Call, and again after growing pauses while AWS says that there are too many calls."""
    pause, waited = _FIRST_PAUSE, 0.0
    while True:
        try:
            return call()
        except AwsThrottled:
            if waited >= PATIENCE:
                raise
        clock.sleep(pause)
        waited += pause
        pause *= 2


@dataclass(frozen=True, slots=True)
class _Search:
    port: CodeDeploy
    clock: Clock
    named: Settings
    cluster: str
    service: str

    def configured(self) -> JsonObject:
        """Give the group that the project names."""
        body = self._group(self.named.application, self.named.group)
        if body is None:
            raise self._no_group(self.named.application)
        return self._insist_on_service(body)

    def recent(self, live: JsonObject) -> JsonObject | None:
        """Give the group whose deployment made a task set of the service, if it still deploys the service."""
        known = codedeployments.known(live)[:1]
        try:
            infos = patiently(self.clock, lambda: self.port.describe_deployments(known)) if known else ()
        except AwsDenied:  # looking through the applications takes other permissions
            return None
        for info in infos:
            application, name = str(info.get("applicationName")), str(info.get("deploymentGroupName"))
            body = self._group(application, name)
            if body is not None and self._deploys(body) and self._fits(application, name):
                return body
        return None

    def looked(self) -> JsonObject:
        """Look through the groups of the applications, or of the one that the project names."""
        try:
            for application in self._applications():
                found = [
                    body
                    for body in self._groups(application)
                    if self._deploys(body) and self._fits(application, str(body.get("deploymentGroupName")))
                ]
                # A service has one group at most (API model, ECSServiceMappingLimitExceededException), so the first
                # that is found is it; what contradicts that is seen within an application.
                if len(found) > 1:
                    names = ", ".join(str(body.get("deploymentGroupName")) for body in found)
                    raise Refused(
                        f"{len(found)} deployment groups of application {application} deploy "
                        f"{self._target}: {names}",
                        self.named.where,
                        _NAME_IT,
                    )
                if found:
                    return self._insist_on_service(found[0])
        except AwsDenied as error:
            error.hint = f"{error.hint}; or {_NAME_IT}" if error.hint else _NAME_IT
            raise
        limits = [f"application {self.named.application}"] if self.named.application else []
        limits += [f"groups named {self.named.group}"] if self.named.group else []
        among = f", among {' and '.join(limits)}" if limits else ""
        raise Refused(
            f"no CodeDeploy deployment group deploys {self._target}{among}",
            self.named.where,
            "create a deployment group for the service (with Terraform, say), "
            "or check `codedeploy` of the project file, region and account",
        )

    @property
    def _target(self) -> str:
        return f"{self.cluster}/{self.service}"

    def _applications(self) -> Iterator[str]:
        """Give the applications, the likeliest first: the console calls them after cluster and service."""
        if self.named.application:
            yield self.named.application
            return
        names = patiently(self.clock, self.port.applications)
        ranked = sorted(names, key=lambda name: (self.service not in name, self.cluster not in name))
        yield from ranked[:APPLICATIONS]
        if len(ranked) > APPLICATIONS:
            raise Refused(
                f"none of {APPLICATIONS} CodeDeploy applications deploys {self._target}, "
                f"and there are {len(ranked)} of them",
                self.named.where,
                _NAME_IT,
            )

    def _groups(self, application: str) -> Sequence[JsonObject]:
        try:
            names = patiently(self.clock, lambda: self.port.group_names(application))
            return patiently(self.clock, lambda: self.port.groups(application, names)) if names else ()
        except AwsNotFound:
            if not self.named.application:  # deleted meanwhile
                return ()
            raise self._no_application(application) from None

    def _group(self, application: str, name: str) -> JsonObject | None:
        try:
            found = patiently(self.clock, lambda: self.port.groups(application, [name]))
        except AwsNotFound:
            if application != self.named.application:
                return None
            raise self._no_application(application) from None
        return next(iter(found), None)

    def _fits(self, application: str, name: str) -> bool:
        return self.named.application in ("", application) and self.named.group in ("", name)

    def _deploys(self, body: JsonObject) -> bool:
        services = body.get("ecsServices")
        wanted = (self.cluster, self.service)
        return any(
            (short_name(str(each.get("clusterName") or "default")), str(each.get("serviceName"))) == wanted
            for each in (services if isinstance(services, list | tuple) else ())
            if isinstance(each, dict)
        )

    def _insist_on_service(self, body: JsonObject) -> JsonObject:
        if self._deploys(body):
            return body
        services = body.get("ecsServices")
        others = [
            f"{short_name(str(each.get('clusterName')))}/{each.get('serviceName')}"
            for each in (services if isinstance(services, list | tuple) else ())
            if isinstance(each, dict)
        ]
        group = f"{self.named.application}/{self.named.group}"
        deploys = f"deploys {', '.join(others)}" if others else "deploys no ECS service"
        raise Refused(
            f"the deployment group {group} {deploys}, not {self._target}",
            self.named.where,
            "name the group of this service, or leave `codedeploy` out: it is found then",
        )

    def insist_on_configuration(self) -> None:
        """Refuse a deployment configuration that is not there, as far as they may be listed."""
        wanted = self.named.configuration
        try:
            there = patiently(self.clock, self.port.configurations)
        except AwsDenied:  # then CreateDeployment is the first to tell
            return
        if wanted not in there:
            what = f"there is no CodeDeploy deployment configuration {wanted}"
            hint = near(wanted, there) or "`aws deploy list-deployment-configs` lists what there is"
            raise Refused(what, self.named.where, hint)

    def _no_application(self, name: str) -> Refused:
        names = self._listed(self.port.applications)
        hint = near(name, names) or "`aws deploy list-applications` lists what there is"
        return Refused(f"there is no CodeDeploy application {name}", self.named.where, hint)

    def _no_group(self, application: str) -> Refused:
        names = self._listed(lambda: self.port.group_names(application))
        listing = f"`aws deploy list-deployment-groups --application-name {application}` lists what there is"
        what = f"the CodeDeploy application {application} has no deployment group {self.named.group}"
        return Refused(what, self.named.where, near(self.named.group, names) or listing)

    def _listed(self, call: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
        """List names for a hint, which does without where that is not allowed."""
        try:
            return patiently(self.clock, call)
        except (AwsDenied, AwsNotFound):
            return ()
