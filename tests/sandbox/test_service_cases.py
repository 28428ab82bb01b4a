"""What CreateService and UpdateService take, keep, refuse and set going: each row of fixtures/sandbox is a case."""

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.sandboxes import Sandbox
from tests.sandbox.bodies import NETWORK, task_definition

FIXTURES = Path(__file__).parents[2] / "fixtures/sandbox"
STRATEGY = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
BALANCER = {"targetGroupArn": "t", "containerName": "app", "containerPort": 80}
PLAIN: dict[str, Any] = {
    "family": "plain",
    "containerDefinitions": [
        {"name": "app", "image": "web:1", "memory": 64, "portMappings": [{"containerPort": 80}]}
    ],
}
FARGATE: dict[str, Any] = {
    "taskDefinition": "web",
    "desiredCount": 2,
    "launchType": "FARGATE",
    "networkConfiguration": NETWORK,
}
BASES: dict[str, dict[str, Any]] = {
    "fargate": FARGATE,
    "balanced": FARGATE | {"loadBalancers": [BALANCER]},
    "spot": FARGATE | {"launchType": None, "capacityProviderStrategy": STRATEGY},
    "disk": FARGATE
    | {
        "taskDefinition": "disk",
        "volumeConfigurations": [{"name": "disk", "managedEBSVolume": {"roleArn": "r", "sizeInGiB": 1}}],
    },
    "ec2": {"taskDefinition": "plain:1", "desiredCount": 2, "launchType": "EC2"},
    "custom": {
        "taskDefinition": "plain:1",
        "desiredCount": 2,
        "capacityProviderStrategy": [{"capacityProvider": "mine", "weight": 3, "base": 1}],
    },
    "daemon": {"taskDefinition": "plain:1", "schedulingStrategy": "DAEMON", "launchType": "EC2"},
    "code-deploy": FARGATE | {"loadBalancers": [BALANCER], "deploymentController": {"type": "CODE_DEPLOY"}},
    "external": {"deploymentController": {"type": "EXTERNAL"}, "desiredCount": 2},
}


def rows(name: str) -> list[Any]:
    found: list[dict[str, Any]] = json.loads((FIXTURES / f"{name}.json").read_text())
    return [pytest.param(row, id=row["case"]) for row in found]


class Region:
    """A sandbox without a server, with clusters and definitions, and one service to try things on."""

    def __init__(self) -> None:
        self.sandbox = Sandbox(speed=0)
        self.call("CreateCluster", clusterName="main")
        self.call(
            "CreateCluster",
            clusterName="spotty",
            capacityProviders=["FARGATE_SPOT"],
            defaultCapacityProviderStrategy=STRATEGY,
            serviceConnectDefaults={"namespace": "corp"},
        )
        self.call("RegisterTaskDefinition", **task_definition())
        disk: dict[str, Any] = {"volumes": [{"name": "disk", "configuredAtLaunch": True}]}
        self.call("RegisterTaskDefinition", **task_definition(family="disk", **disk))
        for _ in range(2):
            self.call("RegisterTaskDefinition", **PLAIN)
        self.cluster = "main"

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        return self.sandbox.ecs("eu-west-1", operation, request)

    def create(self, row: dict[str, Any]) -> None:
        body = {"cluster": "main", "serviceName": "web"} | BASES[row["base"]] | row.get("with", {})
        self.cluster = body["cluster"]
        self.call("CreateService", **body)
        self.sandbox.advance(120)

    def update(self, members: dict[str, Any]) -> None:
        self.call("UpdateService", cluster=self.cluster, service="web", **members)
        self.sandbox.advance(120)

    def shown(self) -> dict[str, Any]:
        (found,) = self.call("DescribeServices", cluster=self.cluster, services=["web"])["services"]
        text = json.dumps(found)
        copied: dict[str, Any] = json.loads(text)
        return copied

    def revision(self) -> dict[str, Any]:
        (newest, *_) = self.shown()["currentServiceRevisions"]
        answer = self.call("DescribeServiceRevisions", serviceRevisionArns=[newest["arn"]])
        (found,) = answer["serviceRevisions"]
        return dict(found)

    def record(self) -> dict[str, Any]:
        """Give the service deployment that is or was under way."""
        arns = [self.shown()["currentServiceDeployment"]]
        answer = self.call("DescribeServiceDeployments", serviceDeploymentArns=arns)
        (found,) = answer["serviceDeployments"]
        return dict(found)

    def unlisted(self) -> dict[str, Any]:
        """Give what only the revision shows."""
        found = self.revision()
        return {name: found[name] for name in ("gatewayConnectors", "monitoring") if name in found}


def only(found: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    return {name: found.get(name) for name in expected}


def check(region: Region, row: dict[str, Any]) -> None:
    shown = region.shown()
    assert only(shown, row.get("shown", {})) == row.get("shown", {})
    assert set(row.get("absent", [])) & set(shown) == set()
    for member, gone in row.get("gone", {}).items():
        assert gone not in shown[member]
    if "primary" in row or "unset" in row:
        (primary,) = shown["deployments"]
        assert only(primary, row.get("primary", {})) == row.get("primary", {})
        assert set(row.get("unset", [])) & set(primary) == set()
    if "task_set" in row:
        (task_set,) = shown["taskSets"]
        assert only(task_set, row["task_set"]) == row["task_set"]
    if "revision" in row:
        assert only(region.revision(), row["revision"]) == row["revision"]
    if "bare_revision" in row:
        assert set(row["bare_revision"]) & set(region.revision()) == set()


@pytest.mark.parametrize("row", rows("refused"))
def test_refused(row: dict[str, Any]) -> None:
    region = Region()
    if "update" in row:
        region.create(row)
    before = _state(region)
    with pytest.raises(Refusal) as raised:
        region.update(row["update"]) if "update" in row else region.create(row)
    assert raised.value.code == row.get("code", "InvalidParameterException")
    assert row["message"] in raised.value.message
    assert _state(region) == before


def _state(region: Region) -> str:
    return json.dumps(region.sandbox.dump())


@pytest.mark.parametrize("row", rows("created"))
def test_created(row: dict[str, Any]) -> None:
    region = Region()
    region.create(row)
    check(region, row)


@pytest.mark.parametrize("row", rows("updated"))
def test_updated(row: dict[str, Any]) -> None:
    region = Region()
    region.create(row)
    before = region.shown()
    region.update(row["update"])
    shown = region.shown()
    check(region, row)
    assert _identities(shown) == _identities(before) or row["deploys"]
    assert len(_identities(before)) == (0 if row["base"] == "external" else 1)
    assert (_identities(shown) != _identities(before)) == row["deploys"]
    # … and once more changes nothing.
    region.update({name: value for name, value in row["update"].items() if name != "forceNewDeployment"})
    assert region.shown() | {"events": []} == shown | {"events": []}


def _identities(shown: dict[str, Any]) -> list[str]:
    return [each["id"] for each in [*shown["deployments"], *shown.get("taskSets", [])]]


@pytest.mark.parametrize("base", sorted(BASES))
def test_every_kind_of_service_comes_to_rest_and_goes(base: str) -> None:
    region = Region()
    region.create({"base": base})
    events = [event["message"] for event in region.shown()["events"]]
    assert ("(service web) has reached a steady state." in events) == (base != "external")
    completed = any("deployment completed" in event for event in events)
    assert completed == (base not in ("external", "code-deploy"))
    region.call("DeleteService", cluster="main", service="web", force=base != "daemon")
    region.sandbox.advance(60)
    assert region.shown()["status"] == "INACTIVE"
    region.create({"base": base})
    assert region.shown()["status"] == "ACTIVE"


@pytest.mark.parametrize(
    ("configuration", "stages"),
    [
        (
            {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 2},
            [(10, "SCALE_UP", 2), (60, "BAKE_TIME", 4), (160, "CLEAN_UP", 2)],
        ),
        (
            {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 50.0, "stepBakeTimeInMinutes": 1}},
            [(60, "PRODUCTION_TRAFFIC_SHIFT", 4), (100, "CLEAN_UP", 2)],
        ),
        (
            {"strategy": "CANARY", "bakeTimeInMinutes": 1},
            [(600, "PRODUCTION_TRAFFIC_SHIFT", 4), (660, "BAKE_TIME", 4), (720, "CLEAN_UP", 2)],
        ),
    ],
)
def test_blue_stays_beside_green_until_traffic_has_moved(
    configuration: dict[str, Any], stages: list[tuple[int, str, int]]
) -> None:
    region = Region()
    region.create({"base": "fargate", "with": {"deploymentConfiguration": configuration}})
    region.call("UpdateService", cluster="main", service="web", forceNewDeployment=True)
    passed = 0
    for at, stage, running in stages:
        region.sandbox.advance(at - passed)
        passed = at
        assert (region.record()["lifecycleStage"], region.shown()["runningCount"]) == (stage, running)
    assert [each["rolloutState"] for each in region.shown()["deployments"]] == ["COMPLETED"]
    assert region.record()["status"] == "SUCCESSFUL"


def completed_after(**early: Any) -> int:
    """Give how many seconds a forced deployment takes to complete, under early success criteria if there are any."""
    configuration: dict[str, Any] = {"maximumPercent": 150, "minimumHealthyPercent": 50}
    if early:
        configuration["earlySuccessCriteria"] = {"enable": True, **early}
    region = Region()
    region.create({"base": "fargate", "with": {"deploymentConfiguration": configuration}})
    region.call("UpdateService", cluster="main", service="web", forceNewDeployment=True)
    passed = 0
    while region.shown()["deployments"][0]["rolloutState"] != "COMPLETED":
        region.sandbox.advance(1)
        passed += 1
        assert passed < 100
    region.sandbox.advance(60)
    shown = region.shown()
    assert (len(shown["deployments"]), shown["runningCount"]) == (1, 2)
    return passed


def test_a_share_of_healthy_tasks_may_be_enough() -> None:
    deferred = completed_after(healthyPercent=50, sourceServiceRevisionCleanup="DEFERRED")
    blocking = completed_after(healthyPercent=50, sourceServiceRevisionCleanup="BLOCKING")
    assert deferred < blocking <= completed_after()


def test_task_sets_are_described() -> None:
    region = Region()
    region.create({"base": "code-deploy"})
    (shown,) = region.shown()["taskSets"]
    for names in ([], [shown["id"]], [shown["taskSetArn"]]):
        answer = region.call("DescribeTaskSets", cluster="main", service="web", taskSets=names)
        assert json.loads(json.dumps(answer)) == {"taskSets": [shown], "failures": []}
    answer = region.call("DescribeTaskSets", cluster="main", service="web", taskSets=["ecs-svc/1"])
    assert answer == {"taskSets": [], "failures": [{"arn": "ecs-svc/1", "reason": "MISSING"}]}
    with pytest.raises(Refusal, match="Service not found"):
        region.call("DescribeTaskSets", cluster="main", service="nope")
