"""Services at rest: defaults, refusals, what starts a deployment, descriptions, tags, account settings."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from reconciler.sandbox.servings import Serving
from tests.sandbox.bodies import NETWORK, Clients, described, service, task_definition

GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1"
BALANCER = {"targetGroupArn": GROUP, "containerName": "app", "containerPort": 80}
CONNECT = {"enabled": True, "namespace": "ns", "services": [{"portName": "http"}]}


def test_defaults_are_echoed(ecs: Any) -> None:
    shown = ecs.create_service(**service())["service"]
    assert shown["deploymentConfiguration"] == {
        "deploymentCircuitBreaker": {
            "enable": False,
            "rollback": False,
            "resetOnHealthyTask": True,
            "thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 50},
        },
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
    }
    expected = {
        "availabilityZoneRebalancing": "ENABLED",
        "platformVersion": "LATEST",
        "platformFamily": "Linux",
        "schedulingStrategy": "REPLICA",
        "deploymentController": {"type": "ECS"},
        "propagateTags": "NONE",
        "enableECSManagedTags": False,
        "enableExecuteCommand": False,
        "healthCheckGracePeriodSeconds": 0,
        **{
            key: []
            for key in ("loadBalancers", "serviceRegistries", "placementConstraints", "placementStrategy")
        },
    }
    assert {name: shown[name] for name in expected} == expected
    assert shown["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "DISABLED"
    assert shown["roleArn"].endswith("/AWSServiceRoleForECS")
    assert shown["deployments"][0]["platformVersion"] == "1.4.0"


def test_some_settings_stand_on_the_deployment_only(ecs: Any) -> None:
    shown = ecs.create_service(**service(serviceConnectConfiguration=CONNECT))["service"]
    assert "serviceConnectConfiguration" not in shown
    connect = shown["deployments"][0]["serviceConnectConfiguration"]
    assert connect["services"] == [{"portName": "http", "discoveryName": "http"}]


@pytest.mark.parametrize(
    ("members", "code", "message"),
    [
        (
            {"networkConfiguration": {}},
            None,
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        ),
        ({"taskDefinition": "nope"}, "ClientException", "TaskDefinition not found."),
        ({"cluster": "nope"}, "ClusterNotFoundException", "Cluster not found."),
        (
            {"capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}]},
            None,
            "both a launch type and capacity",
        ),
        (
            {"loadBalancers": [BALANCER | {"containerName": "x"}]},
            None,
            "The container x does not exist in the task definition.",
        ),
        (
            {"loadBalancers": [BALANCER | {"containerPort": 81}]},
            None,
            "The container app did not have a container port 81 defined.",
        ),
        ({"loadBalancers": [BALANCER | {"loadBalancerName": "x"}]}, None, "cannot both be specified"),
        ({"desiredCount": -1}, None, "Desired count can not be negative."),
        (
            {"role": "custom"},
            None,
            "You cannot specify an IAM role for services that require a service linked role.",
        ),
        (
            {"deploymentConfiguration": {"maximumPercent": 100}},
            None,
            "cannot be 100 as this will block deployments.",
        ),
        (
            {
                "deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 0},
                "availabilityZoneRebalancing": "ENABLED",
            },
            None,
            "Availability Zone Rebalancing does not support maximumPercent <= 100 % as deployment configuration.",
        ),
        ({"launchType": "EC2", "platformVersion": "1.4.0"}, None, "The platform version must be null"),
        ({"serviceName": "a b"}, None, "Service name contains invalid characters."),
    ],
)
def test_refusals(ecs: Any, members: dict[str, Any], code: str | None, message: str) -> None:
    with pytest.raises(ClientError) as raised:
        ecs.create_service(**service(**members))
    error = raised.value.response["Error"]
    assert error["Code"] == (code or "InvalidParameterException")
    assert message in error["Message"]
    assert ecs.list_services(cluster="main")["serviceArns"] == []


def test_rebalancing_is_off_where_it_cannot_be_on(ecs: Any) -> None:
    bounds = {"maximumPercent": 100, "minimumHealthyPercent": 0}
    shown = ecs.create_service(**service(deploymentConfiguration=bounds))["service"]
    assert shown["availabilityZoneRebalancing"] == "DISABLED"


def test_a_definition_that_is_not_for_fargate_is_refused(ecs: Any) -> None:
    bridge = task_definition(family="b", networkMode="bridge", requiresCompatibilities=["EC2"])
    ecs.register_task_definition(**bridge)
    with pytest.raises(ClientError, match="Network Configuration is not valid for the given networkMode"):
        ecs.create_service(**service(revision="b:1"))
    plain = {"cluster": "main", "serviceName": "web", "taskDefinition": "b:1"}
    with pytest.raises(ClientError, match="does not support launch_type FARGATE"):
        ecs.create_service(**plain, launchType="FARGATE")
    shown = ecs.create_service(**plain)["service"]
    assert (shown["launchType"], "platformVersion" in shown, "roleArn" in shown) == ("EC2", False, False)


def test_creating_twice(ecs: Any) -> None:
    first = ecs.create_service(**service(clientToken="t"))["service"]
    assert ecs.create_service(**service(clientToken="t"))["service"]["createdAt"] == first["createdAt"]
    with pytest.raises(ClientError, match=r"Creation of service was not idempotent\."):
        ecs.create_service(**service())


OTHER_NETWORK = {"awsvpcConfiguration": NETWORK["awsvpcConfiguration"] | {"subnets": ["subnet-2"]}}


@pytest.mark.parametrize(
    ("members", "deploys"),
    [
        ({"taskDefinition": "web:5"}, True),
        ({"taskDefinition": "web:1"}, False),
        ({"forceNewDeployment": True}, True),
        ({"networkConfiguration": OTHER_NETWORK}, True),
        ({"networkConfiguration": NETWORK}, False),
        ({"platformVersion": "1.3.0"}, True),
        ({"loadBalancers": [BALANCER]}, True),
        ({"loadBalancers": []}, False),
        ({"serviceConnectConfiguration": CONNECT}, True),
        ({"desiredCount": 3}, False),
        ({"deploymentConfiguration": {"minimumHealthyPercent": 50}}, False),
        ({"enableExecuteCommand": True}, False),
        ({"propagateTags": "SERVICE"}, False),
        ({"healthCheckGracePeriodSeconds": 30}, False),
        ({"availabilityZoneRebalancing": "DISABLED"}, False),
    ],
)
def test_what_starts_a_deployment(server: Serving, ecs: Any, members: dict[str, Any], deploys: bool) -> None:
    ecs.create_service(**service())
    server.advance(60)
    shown = ecs.update_service(cluster="main", service="web", **members)["service"]
    assert len(shown["deployments"]) == (2 if deploys else 1)
    server.advance(120)
    assert [each["rolloutState"] for each in described(ecs)["deployments"]] == ["COMPLETED"]


def test_what_is_not_sent_stays_and_an_empty_list_removes(server: Serving, ecs: Any) -> None:
    ecs.create_service(**service(loadBalancers=[BALANCER], healthCheckGracePeriodSeconds=9))
    server.advance(60)
    shown = ecs.update_service(
        cluster="main",
        service="web",
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
    )["service"]
    assert shown["loadBalancers"] == [BALANCER]
    assert shown["deploymentConfiguration"]["maximumPercent"] == 200
    assert shown["deploymentConfiguration"]["deploymentCircuitBreaker"]["enable"]
    shown = ecs.update_service(cluster="main", service="web", loadBalancers=[])["service"]
    assert shown["loadBalancers"] == []
    assert shown["healthCheckGracePeriodSeconds"] == 9


def test_a_strategy_needs_force(server: Serving, ecs: Any) -> None:
    ecs.create_service(**service())
    server.advance(60)
    strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    with pytest.raises(ClientError, match="When switching from launch type to capacity provider strategy"):
        ecs.update_service(cluster="main", service="web", capacityProviderStrategy=strategy)
    shown = ecs.update_service(
        cluster="main", service="web", capacityProviderStrategy=strategy, forceNewDeployment=True
    )["service"]
    assert "launchType" not in shown
    assert shown["capacityProviderStrategy"] == [strategy[0] | {"base": 0}]
    server.advance(60)
    (arn, *_) = ecs.list_tasks(cluster="main")["taskArns"]
    assert (
        ecs.describe_tasks(cluster="main", tasks=[arn])["tasks"][0]["capacityProviderName"] == "FARGATE_SPOT"
    )


def test_describing_and_listing(server: Serving, ecs: Any) -> None:
    for number in range(12):
        ecs.create_service(**service(f"s{number}", count=0))
    arns = ecs.list_services(cluster="main")
    assert (len(arns["serviceArns"]), "nextToken" in arns) == (10, True)
    pages = ecs.get_paginator("list_services").paginate(cluster="main")
    assert sum(len(page["serviceArns"]) for page in pages) == 12
    with pytest.raises(ClientError, match=r"Services cannot be more than 10\."):
        ecs.describe_services(cluster="main", services=[f"s{number}" for number in range(11)])
    answer = ecs.describe_services(cluster="main", services=["s1", "nope"])
    assert [each["serviceName"] for each in answer["services"]] == ["s1"]
    arn = "arn:aws:ecs:eu-west-1:123456789012:service/main/nope"
    assert answer["failures"] == [{"arn": arn, "reason": "MISSING"}]


def test_a_new_service_may_be_missing_for_a_while(server: Serving, ecs: Any) -> None:
    server.knobs(missing_after_create=5)
    ecs.create_service(**service())
    assert ecs.describe_services(cluster="main", services=["web"])["failures"][0]["reason"] == "MISSING"
    server.advance(5)
    assert described(ecs)["status"] == "ACTIVE"


def test_tags(server: Serving, ecs: Any) -> None:
    tags = [{"key": "env", "value": "dev"}]
    managed: dict[str, Any] = {"enableECSManagedTags": True, "propagateTags": "SERVICE"}
    arn = ecs.create_service(**service(count=1, tags=tags, **managed))["service"]["serviceArn"]
    assert "tags" not in described(ecs)
    ecs.tag_resource(resourceArn=arn, tags=[{"key": "env", "value": "prod"}, {"key": "team", "value": ""}])
    ecs.untag_resource(resourceArn=arn, tagKeys=["team", "none"])
    assert ecs.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "env", "value": "prod"}]
    assert described(ecs, include=["TAGS"])["tags"] == [{"key": "env", "value": "prod"}]
    server.advance(30)
    (task,) = ecs.list_tasks(cluster="main")["taskArns"]
    shown = ecs.describe_tasks(cluster="main", tasks=[task], include=["TAGS"])["tasks"][0]["tags"]
    assert {each["key"]: each["value"] for each in shown} == {
        "env": "prod",
        "aws:ecs:clusterName": "main",
        "aws:ecs:serviceName": "web",
    }
    with pytest.raises(ClientError, match="could not be found"):
        ecs.tag_resource(resourceArn=arn + "x", tags=tags)
    with pytest.raises(ClientError, match="must not start with aws:"):
        ecs.tag_resource(resourceArn=arn, tags=[{"key": "aws:x", "value": ""}])


def test_account_settings(clients: Clients) -> None:
    ecs = clients("ecs")
    assert ecs.list_account_settings()["settings"] == []
    ecs.put_account_setting(name="containerInsights", value="enabled")
    (setting,) = ecs.list_account_settings(name="containerInsights", effectiveSettings=True)["settings"]
    assert setting["value"] == "enabled"


def test_what_is_not_simulated_says_so(clients: Clients) -> None:
    with pytest.raises(ClientError) as raised:
        clients("ecs").start_task(taskDefinition="web", containerInstances=["i"])
    assert raised.value.response["Error"] == {
        "Code": "NotSimulatedBySandbox",
        "Message": "The sandbox does not simulate the ECS operation StartTask.",
    }
