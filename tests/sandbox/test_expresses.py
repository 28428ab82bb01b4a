"""Express services: what is made of a few settings, what an update deploys, what is refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from reconciler import sandbox
from reconciler.sandbox.servings import Serving
from tests.sandbox.test_seeds import client

ROLES = {
    "infrastructureRoleArn": "arn:aws:iam::123456789012:role/infrastructure",
    "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
}
FRONT: dict[str, Any] = {"serviceName": "front", **ROLES, "primaryContainer": {"image": "repo/front:1"}}
OWN: dict[str, Any] = {
    "family": "own",
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "256",
    "memory": "512",
    "containerDefinitions": [
        {"name": "Main", "image": "repo/own:1", "portMappings": [{"containerPort": 8080, "name": "http"}]}
    ],
}
CANARY = 800
"""Seconds in which a canary with its two bake times is over."""


@pytest.fixture
def server() -> Iterator[Serving]:
    """Serve the Express service `front` at rest, and a definition that is one's own."""
    seed = {"express_services": [FRONT], "task_definitions": [OWN], "log_groups": []}
    with sandbox.serving(seed) as served:
        yield served


@pytest.fixture
def ecs(server: Serving) -> Any:
    return client(server.endpoint_url)


ARN = "arn:aws:ecs:eu-west-1:123456789012:service/default/front"


def shown(ecs: Any, arn: str = ARN) -> dict[str, Any]:
    return dict(ecs.describe_express_gateway_service(serviceArn=arn, include=["TAGS"])["service"])


def service(ecs: Any) -> dict[str, Any]:
    (found,) = ecs.describe_services(cluster="default", services=["front"])["services"]
    return dict(found)


def test_what_is_made_of_little(server: Serving, ecs: Any) -> None:
    made = shown(ecs)
    (configured,) = made["activeConfigurations"]
    assert (made["status"], made["cluster"], made["serviceName"]) == (
        {"statusCode": "ACTIVE"},
        "default",
        "front",
    )
    assert {name: configured[name] for name in ("cpu", "memory", "cpuArchitecture", "healthCheckPath")} == {
        "cpu": "1024",
        "memory": "2048",
        "cpuArchitecture": "X86_64",
        "healthCheckPath": "/",
    }
    assert configured["primaryContainer"]["containerPort"] == 80
    assert configured["scalingTarget"] == {
        "minTaskCount": 1,
        "maxTaskCount": 20,
        "autoScalingMetric": "AVERAGE_CPU",
        "autoScalingTargetValue": 60,
    }
    assert configured["ingressPaths"][0]["endpoint"].endswith(".ecs.eu-west-1.on.aws")
    definition = ecs.describe_task_definition(taskDefinition=configured["taskDefinitionArn"])[
        "taskDefinition"
    ]
    (container,) = definition["containerDefinitions"]
    assert (container["name"], container["image"], definition["networkMode"]) == (
        "Main",
        "repo/front:1",
        "awsvpc",
    )
    groups = client(server.endpoint_url, "logs").describe_log_groups()["logGroups"]
    options = container["logConfiguration"]["options"]
    assert [each["logGroupName"] for each in groups] == [options["awslogs-group"]]
    (cluster,) = ecs.describe_clusters()["clusters"]
    assert cluster["capacityProviders"] == ["FARGATE"]
    rolled = service(ecs)
    assert (rolled["resourceManagementType"], rolled["runningCount"]) == ("ECS", 1)
    assert rolled["deploymentConfiguration"]["canaryConfiguration"] == {
        "canaryPercent": 5.0,
        "canaryBakeTimeInMinutes": 3,
    }
    assert ecs.list_services(resourceManagementType="ECS")["serviceArns"] == [ARN]
    assert ecs.list_services(resourceManagementType="CUSTOMER")["serviceArns"] == []
    scaling = client(server.endpoint_url, "application-autoscaling")
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert (target["ResourceId"], target["MaxCapacity"]) == ("service/default/front", 20)


def test_an_update_is_deployed_as_a_canary(server: Serving, ecs: Any) -> None:
    update = {"serviceArn": ARN, "primaryContainer": {"image": "repo/front:2", "containerPort": 8080}}
    answer = ecs.update_express_gateway_service(**update, cpu="512", memory="1024")["service"]
    target = answer["targetConfiguration"]
    assert (target["primaryContainer"]["image"], target["cpu"]) == ("repo/front:2", "512")
    server.advance(60)
    images = [each["primaryContainer"]["image"] for each in shown(ecs)["activeConfigurations"]]
    assert images == ["repo/front:2", "repo/front:1"]
    server.advance(CANARY)
    (configured,) = shown(ecs)["activeConfigurations"]
    assert configured["serviceRevisionArn"] == target["serviceRevisionArn"]
    (deployment,) = ecs.describe_service_deployments(serviceDeploymentArns=[shown(ecs)["currentDeployment"]])[
        "serviceDeployments"
    ]
    assert deployment["status"] == "SUCCESSFUL"
    assert service(ecs)["loadBalancers"][0]["containerPort"] == 8080


def test_a_bad_update_is_rolled_back(server: Serving, ecs: Any) -> None:
    ecs.update_express_gateway_service(serviceArn=ARN, primaryContainer={"image": "repo/front:crash"})
    server.advance(CANARY)
    (configured,) = shown(ecs)["activeConfigurations"]
    assert configured["primaryContainer"]["image"] == "repo/front:1"
    again = ecs.update_express_gateway_service(serviceArn=ARN, primaryContainer={"image": "repo/front:crash"})
    assert again["service"]["targetConfiguration"]["primaryContainer"]["image"] == "repo/front:crash"
    server.advance(20)
    assert len(shown(ecs)["activeConfigurations"]) == 2


def test_what_concerns_no_task_deploys_nothing(server: Serving, ecs: Any) -> None:
    before = service(ecs)["deployments"]
    target = {"minTaskCount": 2, "maxTaskCount": 4}
    ecs.update_express_gateway_service(serviceArn=ARN, scalingTarget=target, healthCheckPath="/healthy")
    assert [each["id"] for each in service(ecs)["deployments"]] == [each["id"] for each in before]
    server.advance(60)
    (configured,) = shown(ecs)["activeConfigurations"]
    assert (configured["healthCheckPath"], configured["scalingTarget"]["maxTaskCount"]) == ("/healthy", 4)
    assert service(ecs)["runningCount"] == 2
    assert len(ecs.list_task_definitions(familyPrefix="default-front")["taskDefinitionArns"]) == 1


def test_others_may_update_the_service_meanwhile(server: Serving, ecs: Any) -> None:
    ecs.update_service(cluster="default", service="front", forceNewDeployment=True)
    answer = ecs.update_express_gateway_service(serviceArn=ARN, healthCheckPath="/x")["service"]
    assert answer["targetConfiguration"]["primaryContainer"]["image"] == "repo/front:1"


def test_a_task_definition_of_one_s_own(server: Serving, ecs: Any) -> None:
    made = ecs.create_express_gateway_service(
        serviceName="own", infrastructureRoleArn=ROLES["infrastructureRoleArn"], taskDefinitionArn="own:1"
    )["service"]
    (configured,) = made["activeConfigurations"]
    assert (configured["cpu"], configured["primaryContainer"]) == (
        "256",
        {"image": "repo/own:1", "containerPort": 8080},
    )
    assert "cpuArchitecture" not in configured
    server.advance(60)
    ecs.update_express_gateway_service(serviceArn=made["serviceArn"], healthCheckPath="/x")
    (configured,) = shown(ecs, made["serviceArn"])["activeConfigurations"]
    assert configured["taskDefinitionArn"].endswith("own:1")


def test_the_end(server: Serving, ecs: Any) -> None:
    assert ecs.delete_express_gateway_service(serviceArn=ARN)["service"]["status"] == {
        "statusCode": "DRAINING"
    }
    server.advance(60)
    assert shown(ecs)["status"] == {"statusCode": "INACTIVE"}
    scaling = client(server.endpoint_url, "application-autoscaling")
    assert scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"] == []
    with pytest.raises(ecs.exceptions.ServiceNotActiveException):
        ecs.update_express_gateway_service(serviceArn=ARN)
    assert ecs.create_express_gateway_service(**FRONT)["service"]["status"] == {"statusCode": "ACTIVE"}


@pytest.mark.parametrize(
    ("members", "code", "message"),
    [
        ({}, "InvalidParameterException", "Creation of service was not idempotent."),
        ({"serviceName": "a", "cluster": "nope"}, "ClusterNotFoundException", "Cluster not found."),
        ({"serviceName": "a b"}, "InvalidParameterException", "Service name contains invalid characters."),
        ({"taskDefinitionArn": "own:1"}, "InvalidParameterException", "together with primaryContainer"),
        (
            {"serviceName": "a", "healthCheckPath": "x"},
            "InvalidParameterException",
            "start with a forward slash",
        ),
        (
            {"serviceName": "a", "executionRoleArn": ""},
            "InvalidParameterException",
            "executionRoleArn are required",
        ),
        ({"serviceName": "a", "cpu": "7"}, "ClientException", "No Fargate configuration exists"),
        (
            {"serviceName": "a", "scalingTarget": {"minTaskCount": 3, "maxTaskCount": 2}},
            "InvalidParameterException",
            "minTaskCount must not be greater",
        ),
    ],
)
def test_refusals(ecs: Any, members: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(ClientError) as raised:
        ecs.create_express_gateway_service(**{**FRONT, **members})
    error = raised.value.response["Error"]
    assert error["Code"] == code
    assert message in error["Message"]


def test_what_is_empty_is_left_to_ecs_and_others_are_not_found(ecs: Any) -> None:
    with pytest.raises(ecs.exceptions.ResourceNotFoundException):
        shown(ecs, f"{ARN}x")
    made = ecs.create_express_gateway_service(
        **{**FRONT, "serviceName": "empty"}, networkConfiguration={"subnets": [], "securityGroups": []}
    )["service"]["activeConfigurations"][0]
    assert len(made["networkConfiguration"]["subnets"]) == 3
    with pytest.raises(ecs.exceptions.ServiceNotFoundException):
        ecs.delete_express_gateway_service(serviceArn=f"{ARN}x")
    wrong = {**OWN, "family": "wrong", "containerDefinitions": [{"name": "app", "image": "x"}]}
    ecs.register_task_definition(**wrong)
    with pytest.raises(ClientError, match="must have a container named Main"):
        ecs.create_express_gateway_service(
            infrastructureRoleArn=ROLES["infrastructureRoleArn"], taskDefinitionArn="wrong:1"
        )
