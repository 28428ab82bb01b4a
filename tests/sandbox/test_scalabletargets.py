"""Scalable targets of simulated services; policies are moto's."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from reconciler import sandbox
from reconciler.sandbox import seeds
from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.servings import Serving
from tests.sandbox.bodies import Clients, described, service, task_definition
from tests.sandbox.test_seeds import client

ECS = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
TARGET = {**ECS, "ResourceId": "service/main/web"}
BOUNDS = {"MinCapacity": 1, "MaxCapacity": 4}
RUNNING = dict.fromkeys(
    ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"), False
)
SUSPENDED = dict.fromkeys(RUNNING, True)


@pytest.fixture
def scaling(clients: Clients, ecs: Any) -> Any:
    """Give a client of Application Auto Scaling, beside a service `web` of two tasks."""
    ecs.create_service(**service())
    return clients("application-autoscaling")


def targets(scaling: Any, **members: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = scaling.describe_scalable_targets(ServiceNamespace="ecs", **members)[
        "ScalableTargets"
    ]
    return found


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([BOUNDS], {**BOUNDS, "SuspendedState": RUNNING}),
        ([BOUNDS | {"SuspendedState": SUSPENDED}], {**BOUNDS, "SuspendedState": SUSPENDED}),
        ([BOUNDS, {"SuspendedState": SUSPENDED}], {**BOUNDS, "SuspendedState": SUSPENDED}),
        (
            [BOUNDS, {"SuspendedState": {"ScheduledScalingSuspended": True}}],
            {**BOUNDS, "SuspendedState": RUNNING | {"ScheduledScalingSuspended": True}},
        ),
        (
            [BOUNDS | {"SuspendedState": SUSPENDED}, {"MaxCapacity": 9}],
            {"MinCapacity": 1, "MaxCapacity": 9, "SuspendedState": SUSPENDED},
        ),
        ([{"MinCapacity": 0, "MaxCapacity": 0}], {"MinCapacity": 0, "MaxCapacity": 0}),
    ],
)
def test_what_is_registered_is_described(
    scaling: Any, calls: list[dict[str, Any]], expected: dict[str, Any]
) -> None:
    arns = {scaling.register_scalable_target(**TARGET, **each)["ScalableTargetARN"] for each in calls}
    (found,) = targets(scaling, ResourceIds=["service/main/web"], ScalableDimension=ECS["ScalableDimension"])
    assert {name: found[name] for name in expected} == expected
    assert ({found["ScalableTargetARN"]}, found["ResourceId"]) == (arns, "service/main/web")
    assert targets(scaling, ResourceIds=["service/main/other"]) == []
    scaling.deregister_scalable_target(**TARGET)
    assert targets(scaling) == []


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (BOUNDS | {"ResourceId": "service/main/nope"}, "ECS service doesn't exist: service/main/nope"),
        (BOUNDS | {"ResourceId": "service/nope/web"}, "ECS service doesn't exist: service/nope/web"),
        (BOUNDS | {"ResourceId": "service/web"}, "Unsupported service namespace, resource type"),
        ({"MinCapacity": 1}, "MaxCapacity is required"),
        ({"SuspendedState": SUSPENDED}, "MinCapacity is required"),
        ({"MinCapacity": 5, "MaxCapacity": 4}, "Minimum capacity must not be"),
        (BOUNDS | {"ScalableDimension": "rds:cluster:Capacity"}, "must satisfy enum value set"),
    ],
)
def test_what_is_refused(scaling: Any, members: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError) as raised:
        scaling.register_scalable_target(**(TARGET | members))
    assert raised.value.response["Error"]["Code"] == "ValidationException"
    assert message in raised.value.response["Error"]["Message"]
    assert targets(scaling) == []


@pytest.mark.parametrize(("least", "most", "count"), [(1, 4, 2), (3, 4, 3), (0, 1, 1)])
def test_registering_brings_the_count_into_the_range(
    scaling: Any, ecs: Any, least: int, most: int, count: int
) -> None:
    scaling.register_scalable_target(**TARGET, MinCapacity=least, MaxCapacity=most)
    assert described(ecs)["desiredCount"] == count


def test_targets_come_in_pages(scaling: Any, ecs: Any) -> None:
    ecs.create_service(**service("api"))
    for name in ("web", "api"):
        scaling.register_scalable_target(**(TARGET | {"ResourceId": f"service/main/{name}"}), **BOUNDS)
    paginator = scaling.get_paginator("describe_scalable_targets")
    pages = list(paginator.paginate(ServiceNamespace="ecs", PaginationConfig={"PageSize": 1}))
    assert [each["ResourceId"] for page in pages for each in page["ScalableTargets"]] == [
        "service/main/web",
        "service/main/api",
    ]
    assert len(pages) == 2


def test_a_daemon_keeps_its_number(scaling: Any, ecs: Any) -> None:
    bridge = task_definition(family="b", networkMode="bridge", requiresCompatibilities=["EC2"])
    ecs.register_task_definition(**bridge)
    ecs.create_service(cluster="main", serviceName="d", taskDefinition="b", schedulingStrategy="DAEMON")
    members: dict[str, Any] = {"ResourceId": "service/main/d", "MinCapacity": 3, "MaxCapacity": 4}
    scaling.register_scalable_target(**(TARGET | members))
    assert described(ecs, "d")["desiredCount"] == 1


def test_a_deleted_service_has_no_target_to_register(server: Serving, scaling: Any, ecs: Any) -> None:
    ecs.delete_service(cluster="main", service="web", force=True)
    with pytest.raises(scaling.exceptions.ValidationException, match="ECS service doesn't exist"):
        scaling.register_scalable_target(**TARGET, **BOUNDS)
    with pytest.raises(scaling.exceptions.ObjectNotFoundException):
        scaling.deregister_scalable_target(**TARGET)


def test_policies_need_a_target_and_are_moto_s(scaling: Any) -> None:
    pytest.importorskip("moto", reason="the extra 'sandbox' is not installed")
    tracking = {
        "TargetValue": 50.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
    }
    policy: dict[str, Any] = {
        **TARGET,
        "PolicyName": "cpu",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": tracking,
    }
    with pytest.raises(scaling.exceptions.ObjectNotFoundException, match="No scalable target registered for"):
        scaling.put_scaling_policy(**policy)
    scaling.register_scalable_target(**TARGET, **BOUNDS)
    scaling.put_scaling_policy(**policy)
    (found,) = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    assert found["TargetTrackingScalingPolicyConfiguration"] == tracking
    assert len(targets(scaling)) == 1
    table = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": "table/t",
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
    }
    scaling.register_scalable_target(**table, **BOUNDS)
    answer = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")
    assert [each["ResourceId"] for each in answer["ScalableTargets"]] == ["table/t"]


SEED: dict[str, Any] = {
    "task_definitions": [task_definition()],
    "services": [service()],
    "scalable_targets": [{"ResourceId": "service/main/web", **BOUNDS, "SuspendedState": SUSPENDED}],
}


def test_a_seed_may_register_targets() -> None:
    with sandbox.serving(seed=SEED) as served:
        scaling = client(served.endpoint_url, "application-autoscaling")
        (found,) = targets(scaling)
        assert {name: found[name] for name in BOUNDS} == BOUNDS
        assert found["SuspendedState"] == SUSPENDED
        scaling.deregister_scalable_target(**TARGET)
        assert served.dump()["eu-west-1"]["scalableTargets"] == []
        served.reset()
        assert len(targets(scaling)) == 1


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            {"ResourceId": "service/main/x", **BOUNDS},
            "scalable_targets[0]: RegisterScalableTarget refused it",
        ),
        ({"ServiceNamespace": "rds"}, "seed: scalable_targets[0].ServiceNamespace: must be ecs"),
        ({"MinCapcity": 1}, "RegisterScalableTarget has no member 'MinCapcity'"),
        ([], "scalable_targets[0]: must be an object"),
    ],
)
def test_a_bad_target_in_a_seed_is_explained(target: object, message: str) -> None:
    with pytest.raises(SandboxError) as raised:
        seeds.read(SEED | {"scalable_targets": [target]})
    assert message in str(raised.value)
