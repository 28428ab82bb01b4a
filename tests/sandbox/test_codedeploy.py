"""CodeDeploy's deployments of simulated services, from its own API and from that of ECS."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from reconciler import sandbox
from reconciler.sandbox import seeds
from reconciler.sandbox.errors import SandboxError
from tests import tables
from tests.sandbox.bodies import described, messages
from tests.sandbox.codedeploying import BALANCER, GROUPS, NAMES, TARGET, Region, appspec, revision, seed
from tests.sandbox.test_seeds import client

FIXTURES = Path(__file__).parents[2] / "fixtures" / "sandbox"


def rows(name: str) -> list[Any]:
    found: list[dict[str, Any]] = tables.read(FIXTURES / f"{name}.yml")
    return [
        pytest.param(row, id=row.get("case") or f"{number}-{row['call']}") for number, row in enumerate(found)
    ]


def check(seen: dict[str, Any], expected: dict[str, Any]) -> None:
    """Compare what is expected; of a message a part, of the service's members those that are named."""
    given = dict(expected)
    assert given.pop("message", "") in seen["message"]
    members = given.pop("members", {})
    assert {name: seen["members"].get(name) for name in members} == members
    assert {name: seen[name] for name in given} == given


@pytest.mark.parametrize("row", rows("codedeployments"))
def test_a_deployment_goes_as_it_should(row: dict[str, Any]) -> None:
    content = seed(**row.get("seed", {}), group=row.get("group", {}))
    if row.get("test"):
        group = content["codedeploy"]["groups"][0]
        pair = {"targetGroups": [{"name": name} for name in ("blue", "green")]}
        routes = {f"{kind}TrafficRoute": {"listenerArns": [kind]} for kind in ("prod", "test")}
        del group["target_groups"]
        group["loadBalancerInfo"] = {"targetGroupPairInfoList": [pair | routes]}
    with sandbox.serving(seed=content) as served:
        region = Region(served)
        text = row.get("content") or appspec(row.get("hooks"), **row.get("spec", {}))
        region.deploy(text, **row.get("request", {}))
        for step in row["steps"]:
            region.act(step)
            check(region.seen(), step.get("see", {}))


USUAL: dict[str, dict[str, Any]] = {
    "create_deployment_group": {
        "applicationName": "app",
        "deploymentGroupName": "new",
        "serviceRoleArn": "arn:aws:iam::123456789012:role/r",
        "deploymentStyle": {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
        "blueGreenDeploymentConfiguration": {
            "terminateBlueInstancesOnDeploymentSuccess": {
                "action": "TERMINATE",
                "terminationWaitTimeInMinutes": 5,
            }
        },
        "loadBalancerInfo": {
            "targetGroupPairInfoList": [
                {
                    "targetGroups": [{"name": "blue"}, {"name": "green"}],
                    "prodTrafficRoute": {"listenerArns": ["listener"]},
                }
            ]
        },
        "ecsServices": [{"clusterName": "main", "serviceName": "other"}],
    },
    "create_deployment_config": {"deploymentConfigName": "new", "computePlatform": "ECS"},
    "create_deployment": {**NAMES, "revision": revision(appspec())},
}
HELD = seed(
    applications=["app", {"applicationName": "lambda", "computePlatform": "Lambda"}],
    configs=[{"deploymentConfigName": "held"}],
)


@pytest.fixture(scope="module")
def held() -> Any:
    """Serve one sandbox for the calls that change nothing."""
    with sandbox.serving(seed=HELD) as served:
        begun = Region(served)
        begun.codedeploy.list_applications()
        yield begun


@pytest.mark.parametrize("row", rows("codedeploy-refused"))
def test_what_is_refused(held: Region, row: dict[str, Any]) -> None:
    members = USUAL.get(row["call"], {}) | row["with"]
    before = held.served.dump()
    with pytest.raises(ClientError) as raised:
        getattr(held.codedeploy, row["call"])(
            **{name: value for name, value in members.items() if value is not None}
        )
    error = raised.value.response["Error"]
    assert error["Code"] == row["code"]
    assert row["message"] in error["Message"]
    assert held.served.dump() == before


@pytest.mark.parametrize("call", sorted(USUAL))
def test_the_usual_members_are_accepted(call: str) -> None:
    with sandbox.serving(seed=HELD) as served:
        getattr(Region(served).codedeploy, call)(**USUAL[call])


@pytest.fixture
def region() -> Any:
    """Serve a sandbox with a group that deploys `web`."""
    with sandbox.serving(seed=seed()) as served:
        yield Region(served)


def test_a_group_made_by_the_api_is_shown(region: Region) -> None:
    codedeploy = region.codedeploy
    codedeploy.create_application(applicationName="second", computePlatform="ECS")
    body = USUAL["create_deployment_group"] | {"applicationName": "second"}
    identity = codedeploy.create_deployment_group(**body)["deploymentGroupId"]
    names = {"applicationName": "second", "deploymentGroupName": "new"}
    shown = codedeploy.get_deployment_group(**names)["deploymentGroupInfo"]
    assert {name: shown[name] for name in body} == body
    assert shown["deploymentGroupId"] == identity
    assert shown["deploymentConfigName"] == "CodeDeployDefault.ECSAllAtOnce"
    assert shown["computePlatform"] == "ECS"
    assert codedeploy.list_applications()["applications"] == ["app", "second"]
    assert codedeploy.get_application(applicationName="second")["application"]["computePlatform"] == "ECS"
    assert codedeploy.list_deployment_groups(applicationName="second")["deploymentGroups"] == ["new"]
    batch = codedeploy.batch_get_deployment_groups(
        applicationName="second", deploymentGroupNames=["new", "nope"]
    )
    assert batch["deploymentGroupsInfo"] == [shown]
    assert "nope" in batch["errorMessage"]


def test_configurations_are_listed_and_shown(region: Region) -> None:
    codedeploy = region.codedeploy
    routing = {
        "type": "TimeBasedCanary",
        "timeBasedCanary": {"canaryPercentage": 25, "canaryInterval": 2},
    }
    codedeploy.create_deployment_config(
        deploymentConfigName="quarter", computePlatform="ECS", trafficRoutingConfig=routing
    )
    listed = codedeploy.list_deployment_configs()["deploymentConfigsList"]
    assert "quarter" in listed
    shown = {
        name: codedeploy.get_deployment_config(deploymentConfigName=name)["deploymentConfigInfo"]
        for name in listed
        if "Default.ECS" in name or name == "quarter"
    }
    assert len(shown) == 6
    assert {(name, "ECS") for name in shown} == {
        (each["deploymentConfigName"], each["computePlatform"]) for each in shown.values()
    }
    assert shown["quarter"]["trafficRoutingConfig"] == routing


def test_a_group_has_one_deployment_at_a_time(region: Region) -> None:
    first = region.deploy()
    for status in ("Created", "InProgress"):
        assert region.info()["status"] == status
        with pytest.raises(
            region.codedeploy.exceptions.DeploymentLimitExceededException,
            match=f"The Deployment Group 'dg' already has an active Deployment '{first}'",
        ):
            region.codedeploy.create_deployment(**USUAL["create_deployment"])
        region.served.advance(5)
    region.served.advance(60)
    assert region.info()["status"] == "Succeeded"
    second = region.deploy(appspec(TaskDefinition="web:1"))
    region.served.advance(60)
    assert region.seen()["sets"] == ["PRIMARY web:1 blue 100"]
    assert region.info()["previousRevision"] == revision(appspec())
    shown = region.codedeploy.get_deployment_group(**NAMES)["deploymentGroupInfo"]
    assert shown["lastSuccessfulDeployment"]["deploymentId"] == second
    assert shown["targetRevision"] == revision(appspec(TaskDefinition="web:1"))
    (task_set,) = described(region.ecs)["taskSets"]
    assert task_set["externalId"] == second
    listed = region.codedeploy.list_deployments(**NAMES)["deployments"]
    assert listed == [second, first]
    succeeded = region.codedeploy.list_deployments(includeOnlyStatuses=["Failed"])
    assert succeeded["deployments"] == []
    batch = region.codedeploy.batch_get_deployments(deploymentIds=[first, "d-000000000"])
    assert [each["deploymentId"] for each in batch["deploymentsInfo"]] == [first]


def test_a_rollback_is_a_deployment_of_its_own(region: Region) -> None:
    region.deploy()
    region.served.advance(60)
    group = {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}
    failed = region.deploy(appspec(TaskDefinition="web:3"), autoRollbackConfiguration=group)
    region.served.advance(3700)
    rolled = region.info()["rollbackInfo"]["rollbackDeploymentId"]
    assert region.info()["rollbackInfo"]["rollbackMessage"] == (
        f"Deployment {failed} terminated. Automatic rollback is triggered with a DeploymentId {rolled}."
    )
    info = region.info(rolled)
    assert (info["creator"], info["status"]) == ("codeDeployRollback", "Succeeded")
    assert info["deploymentConfigName"] == "CodeDeployDefault.ECSAllAtOnce"
    assert info["revision"] == revision(appspec())
    assert info["rollbackInfo"] == {
        "rollbackTriggeringDeploymentId": failed,
        "rollbackMessage": f"Deployment {rolled} is triggered to roll back deployment {failed}.",
    }
    assert region.seen()["sets"] == ["PRIMARY web:2 green 100"]


def test_what_a_failed_deployment_left_goes_with_the_next(region: Region) -> None:
    region.deploy(appspec(TaskDefinition="web:3"))
    region.served.advance(3700)
    assert region.seen()["sets"] == ["PRIMARY web:1 blue 100", "ACTIVE web:3 green 100"]
    region.deploy()
    region.served.advance(90)
    assert region.seen()["sets"] == ["PRIMARY web:2 green 100"]


def test_targets(region: Region) -> None:
    identity = region.deploy()
    codedeploy = region.codedeploy
    with pytest.raises(codedeploy.exceptions.DeploymentNotStartedException):
        codedeploy.list_deployment_targets(deploymentId=identity)
    region.served.advance(60)
    assert codedeploy.list_deployment_targets(deploymentId=identity)["targetIds"] == [TARGET]
    filtered = codedeploy.list_deployment_targets(
        deploymentId=identity, targetFilters={"TargetStatus": ["Failed"]}
    )
    assert filtered["targetIds"] == []
    (target,) = codedeploy.batch_get_deployment_targets(deploymentId=identity, targetIds=[TARGET])[
        "deploymentTargets"
    ]
    assert target["ecsTarget"] == region.target()
    assert target["ecsTarget"]["targetArn"] == described(region.ecs)["serviceArn"]
    events = target["ecsTarget"]["lifecycleEvents"]
    assert [each["lifecycleEventName"] for each in events] == [
        *("BeforeInstall", "Install", "AfterInstall"),
        *("BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic"),
    ]
    assert all(each["startTime"] <= each["endTime"] for each in events)
    with pytest.raises(codedeploy.exceptions.DeploymentTargetDoesNotExistException):
        codedeploy.get_deployment_target(deploymentId=identity, targetId="main:nope")
    with pytest.raises(codedeploy.exceptions.DeploymentTargetListSizeExceededException):
        codedeploy.batch_get_deployment_targets(deploymentId=identity, targetIds=[TARGET, "a:b"])


def test_revisions_are_registered_by_hand_and_by_deployments(region: Region) -> None:
    codedeploy = region.codedeploy
    mine = revision(appspec())
    codedeploy.register_application_revision(applicationName="app", revision=mine, description="first")
    shown = codedeploy.get_application_revision(applicationName="app", revision=mine)
    assert shown["revisionInfo"]["description"] == "first"
    assert "firstUsedTime" not in shown["revisionInfo"]
    region.deploy()
    shown = codedeploy.get_application_revision(applicationName="app", revision=mine)
    assert (shown["revision"], shown["revisionInfo"]["deploymentGroups"]) == (mine, ["dg"])
    assert shown["revisionInfo"]["firstUsedTime"] == shown["revisionInfo"]["lastUsedTime"]


def test_what_is_over_can_be_neither_continued_nor_stopped(region: Region) -> None:
    identity = region.deploy()
    codedeploy = region.codedeploy
    with pytest.raises(codedeploy.exceptions.DeploymentIsNotInReadyStateException):
        codedeploy.continue_deployment(deploymentId=identity)
    region.served.advance(60)
    for call in (codedeploy.continue_deployment, codedeploy.stop_deployment):
        with pytest.raises(codedeploy.exceptions.DeploymentAlreadyCompletedException):
            call(deploymentId=identity)
    with pytest.raises(codedeploy.exceptions.InvalidLifecycleEventHookExecutionIdException):
        codedeploy.put_lifecycle_event_hook_execution_status(
            deploymentId=identity, lifecycleEventHookExecutionId="x", status="Succeeded"
        )


def test_a_hook_reports_once() -> None:
    with sandbox.serving(seed=seed(script={"hooks": {"f": {"status": "IN_PROGRESS"}}})) as served:
        region = Region(served)
        region.deploy(appspec([{"BeforeInstall": "f"}]))
        served.advance(10)
        (execution,) = served.dump()["eu-west-1"]["codedeploy"]["hookExecutions"]
        assert execution.pop("lifecycleEventName") == "BeforeInstall"
        report = region.codedeploy.put_lifecycle_event_hook_execution_status
        exceptions = region.codedeploy.exceptions
        with pytest.raises(exceptions.InvalidLifecycleEventHookExecutionStatusException):
            report(**execution, status="Skipped")
        report(**execution, status="Succeeded")
        with pytest.raises(exceptions.LifecycleEventAlreadyCompletedException):
            report(**execution, status="Succeeded")


def test_ecs_leaves_such_a_service_to_codedeploy(region: Region) -> None:
    region.deploy()
    region.served.advance(60)
    with pytest.raises(ClientError, match="Unable to update task definition on services with a CODE_DEPLOY"):
        region.ecs.update_service(cluster="main", service="web", taskDefinition="web:2")
    region.ecs.update_service(cluster="main", service="web", desiredCount=1)
    region.served.advance(60)
    assert region.seen()["running"] == 1
    shown = described(region.ecs)
    assert shown["deployments"] == []
    sets = region.ecs.describe_task_sets(cluster="main", service="web")["taskSets"]
    assert sets == shown["taskSets"]
    assert sets[0]["stabilityStatus"] == "STEADY_STATE"
    told = f"(service web, taskSet {sets[0]['id']}) has started 2 tasks:"
    assert any(text.startswith(told) for text in messages(region.ecs))


def test_the_replacement_stands_in_the_other_target_group(region: Region) -> None:
    elb = client(region.served.endpoint_url, "elbv2")
    region.ecs.delete_service(cluster="main", service="other", force=True)
    region.served.advance(60)
    region.deploy()
    counts = []
    for wait in (10, 9, 60):
        region.served.advance(wait)
        counts.append(
            [
                len(elb.describe_target_health(TargetGroupArn=each)["TargetHealthDescriptions"])
                for each in (BALANCER["targetGroupArn"], f"{GROUPS}/green/fedcba9876543210")
            ]
        )
    assert counts == [[2, 0], [2, 2], [0, 2]]
    assert region.info()["status"] == "Succeeded"


def test_moto_is_not_needed(region: Region) -> None:
    region.deploy()
    assert {each["service"] for each in region.served.calls()} == {"codedeploy"}
    region.served.reset()
    assert region.codedeploy.list_deployments()["deployments"] == []
    assert region.codedeploy.list_deployment_groups(applicationName="app")["deploymentGroups"] == ["dg"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (["app"], "seed: codedeploy: must be an object"),
        ({"group": []}, "seed: codedeploy: has no member 'group'; there are configs, applications, groups"),
        ({"groups": {}}, "seed: codedeploy.groups: must be a list"),
        ({"groups": [1]}, "seed: codedeploy.groups[0]: must be an object"),
        ({"groups": [{**NAMES, "target_groups": ["a"]}]}, "codedeploy.groups[0].target_groups: must be two"),
        (
            {"groups": [{**NAMES, "service": "main/nope", "target_groups": ["blue", "green"]}]},
            "codedeploy.groups[0]: CreateDeploymentGroup refused it: InvalidECSServiceException",
        ),
        (
            {"groups": [{**NAMES, "config": "x"}]},
            "codedeploy.groups[0]: CreateDeploymentGroup has no member 'config'",
        ),
        ({"applications": ["a b"]}, "codedeploy.applications[0]: CreateApplication refused it"),
        ({"configs": [{"deploymentConfigName": "CodeDeployDefault.X"}]}, "codedeploy.configs[0]: Create"),
    ],
)
def test_a_bad_seed_is_explained(content: object, message: str) -> None:
    with pytest.raises(SandboxError) as raised:
        seeds.read(seed() | {"codedeploy": content})
    assert message in str(raised.value)
