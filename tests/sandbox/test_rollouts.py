"""Rolling deployments, driven with boto3 over HTTP on a clock that moves when told."""

import itertools
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from reconciler import sandbox
from reconciler.sandbox.outcomes import Outcome
from reconciler.sandbox.servings import Serving
from tests.sandbox.bodies import BREAKER, described, messages, service, task_definition
from tests.sandbox.test_seeds import client as connect


def trace(client: Any, server: Serving, seconds: int) -> list[tuple[int, int]]:
    """Let time pass a second at a time; give (running, running + pending) of each instant."""
    seen = []
    for _ in range(seconds):
        server.advance(1)
        shown = described(client)
        seen.append((shown["runningCount"], shown["runningCount"] + shown["pendingCount"]))
    return seen


def test_a_new_service_comes_to_rest(server: Serving, ecs: Any) -> None:
    created = ecs.create_service(**service(count=3))["service"]
    assert created["runningCount"] == 0
    assert created["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    server.advance(60)
    shown = described(ecs)
    deployment = shown["deployments"][0]
    assert (shown["runningCount"], shown["pendingCount"], len(shown["deployments"])) == (3, 0, 1)
    assert deployment["rolloutStateReason"] == f"ECS deployment {deployment['id']} completed."
    texts = messages(ecs)
    assert re.fullmatch(r"\(service web\) has started 3 tasks: (\(task [0-9a-f]{32}\) ?){3}\.", texts[0])
    assert texts[1:] == [
        f"(service web) (deployment {deployment['id']}) deployment completed.",
        "(service web) has reached a steady state.",
    ]


def test_an_update_moves_every_task_and_ends_with_one_deployment(server: Serving, ecs: Any) -> None:
    ecs.create_service(**service(count=3))
    server.advance(60)
    before = described(ecs)["deployments"][0]["id"]
    updated = ecs.update_service(cluster="main", service="web", taskDefinition="web:5")["service"]
    states = [(each["status"], each["rolloutState"]) for each in updated["deployments"]]
    assert states == [("PRIMARY", "IN_PROGRESS"), ("ACTIVE", "COMPLETED")]
    seen = trace(ecs, server, 60)
    assert min(running for running, _ in seen) >= 3
    assert max(total for _, total in seen) <= 6
    (deployment,) = described(ecs)["deployments"]
    assert deployment["id"] != before
    assert deployment["taskDefinition"].endswith("web:5")
    assert deployment["rolloutState"] == "COMPLETED"


@pytest.mark.parametrize(
    ("desired", "most", "least"),
    [(4, 200, 100), (4, 150, 100), (4, 100, 50), (3, 100, 0), (2, 200, 50), (1, 200, 100)],
)
def test_percentages_bound_every_instant(
    server: Serving, ecs: Any, desired: int, most: int, least: int
) -> None:
    bounds = {"maximumPercent": most, "minimumHealthyPercent": least}
    members: dict[str, Any] = {"availabilityZoneRebalancing": "DISABLED", "deploymentConfiguration": bounds}
    ecs.create_service(**service(count=desired, **members))
    server.advance(60)
    ecs.update_service(cluster="main", service="web", taskDefinition="web:5")
    seen = trace(ecs, server, 150)
    assert min(running for running, _ in seen) >= -(-desired * least // 100)
    assert max(total for _, total in seen) <= desired * most // 100
    shown = described(ecs)
    assert [each["rolloutState"] for each in shown["deployments"]] == ["COMPLETED"]
    assert shown["runningCount"] == desired


def test_percentages_that_leave_no_room_are_reported(server: Serving, ecs: Any) -> None:
    bounds = {"maximumPercent": 150, "minimumHealthyPercent": 100}
    ecs.create_service(**service(count=1, deploymentConfiguration=bounds))
    server.advance(60)
    ecs.update_service(cluster="main", service="web", taskDefinition="web:5")
    server.advance(300)
    assert sum("because of the service deployment configuration" in text for text in messages(ecs)) == 1
    assert described(ecs)["deployments"][0]["rolloutState"] == "IN_PROGRESS"


@pytest.mark.parametrize(
    ("revision", "text"),
    [
        ("web:2", "deployment failed: tasks failed to start."),
        ("web:3", "was unable to place a task. Reason: CannotPullContainerError"),
        ("web:4", "failed container health checks."),
    ],
)
def test_the_breaker_rolls_back_to_the_last_good_deployment(
    server: Serving, ecs: Any, revision: str, text: str
) -> None:
    ecs.create_service(**service(count=2, deploymentConfiguration=BREAKER))
    server.advance(60)
    good = described(ecs)["deployments"][0]["id"]
    ecs.update_service(cluster="main", service="web", taskDefinition=revision)
    bad = described(ecs)["deployments"][0]["id"]
    running = []
    reasons = set()
    for _ in range(300):
        server.advance(1)
        shown = described(ecs)
        running.append(sum(each["runningCount"] for each in shown["deployments"] if each["id"] == good))
        reasons |= {each["rolloutStateReason"] for each in shown["deployments"]}
        if [each["rolloutState"] for each in shown["deployments"]] == ["COMPLETED"]:
            break
    server.advance(200)
    assert min(running) == 2
    assert "ECS deployment circuit breaker: tasks failed to start." in reasons
    assert f"ECS deployment circuit breaker: rolling back to deploymentId {good}." in reasons
    shown = described(ecs)
    (deployment,) = shown["deployments"]
    assert (deployment["id"], deployment["rolloutState"]) == (good, "COMPLETED")
    assert shown["taskDefinition"].endswith("web:1")
    texts = messages(ecs)
    assert any(text in each for each in texts)
    ends = [each for each in texts if "rolling back" in each or bad in each]
    assert ends == [
        f"(service web) (deployment {bad}) deployment failed: tasks failed to start.",
        f"(service web) rolling back to deployment {good}.",
    ]


def test_the_record_of_a_rolled_back_deployment(server: Serving, ecs: Any) -> None:
    ecs.create_service(**service(deploymentConfiguration=BREAKER))
    server.advance(60)
    ecs.update_service(cluster="main", service="web", taskDefinition="web:2")
    server.advance(300)
    listed = ecs.list_service_deployments(cluster="main", service="web")["serviceDeployments"]
    assert [each["status"] for each in listed] == ["ROLLBACK_SUCCESSFUL", "SUCCESSFUL"]
    arns = [
        listed[0]["serviceDeploymentArn"],
        "arn:aws:ecs:eu-west-1:123456789012:service-deployment/main/web/0",
    ]
    answer = ecs.describe_service_deployments(serviceDeploymentArns=arns)
    (record,) = answer["serviceDeployments"]
    assert answer["failures"] == [{"arn": arns[1], "reason": "MISSING"}]
    assert record["deploymentCircuitBreaker"] == {"status": "TRIGGERED", "failureCount": 4, "threshold": 3}
    arns = [record["targetServiceRevision"]["arn"], record["rollback"]["serviceRevisionArn"]]
    revisions = ecs.describe_service_revisions(serviceRevisionArns=arns)["serviceRevisions"]
    assert [each["taskDefinition"].rpartition("/")[2] for each in revisions] == ["web:2", "web:1"]


def test_a_breaker_without_rollback_leaves_the_failed_deployment(server: Serving, ecs: Any) -> None:
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
    ecs.create_service(**service(deploymentConfiguration=breaker))
    server.advance(60)
    ecs.update_service(cluster="main", service="web", taskDefinition="web:2")
    server.advance(300)
    states = [(each["status"], each["rolloutState"]) for each in described(ecs)["deployments"]]
    assert states == [("PRIMARY", "FAILED"), ("ACTIVE", "COMPLETED")]
    assert described(ecs)["runningCount"] == 2


@pytest.mark.parametrize(
    ("threshold", "failures"),
    [
        ({"type": "COUNT", "value": 1}, 2),
        ({"type": "BOUNDED_PERCENT", "value": 50}, 4),
        ({"type": "COUNT", "value": 5}, 6),
    ],
)
def test_the_threshold_of_the_breaker(
    server: Serving, ecs: Any, threshold: dict[str, Any], failures: int
) -> None:
    configured = {"enable": True, "rollback": False, "thresholdConfiguration": threshold}
    configuration = {"deploymentCircuitBreaker": configured}
    ecs.create_service(**service(revision="web:2", deploymentConfiguration=configuration))
    server.advance(1000)
    (deployment,) = described(ecs)["deployments"]
    assert deployment["rolloutState"] == "FAILED"
    assert deployment["failedTasks"] == failures  # they come in twos


def test_without_a_breaker_tasks_fail_for_ever_with_growing_delays(server: Serving, ecs: Any) -> None:
    ecs.create_service(**service(revision="web:2", count=1))
    server.advance(3 * 3600)
    (deployment,) = described(ecs)["deployments"]
    assert deployment["rolloutState"] == "IN_PROGRESS"
    starts = [
        event["createdAt"].timestamp()
        for event in reversed(described(ecs)["events"])
        if "started" in event["message"]
    ]
    gaps = [after - before for before, after in itertools.pairwise(starts)]
    assert len(gaps) > 8
    assert gaps == sorted(gaps)
    assert gaps[-1] > 10 * gaps[0]
    assert any("is unable to consistently start tasks successfully." in text for text in messages(ecs))


def test_scaling_makes_no_deployment(server: Serving, ecs: Any) -> None:
    ecs.create_service(**service())
    server.advance(60)
    (before,) = described(ecs)["deployments"]
    for count in (5, 1, 0):
        ecs.update_service(cluster="main", service="web", desiredCount=count)
        server.advance(60)
        shown = described(ecs)
        assert (shown["runningCount"], shown["desiredCount"]) == (count, count)
        assert [each["id"] for each in shown["deployments"]] == [before["id"]]
    assert re.search(r"has stopped 4 running tasks: (\(task [0-9a-f]{32}\) ?){4}\.", "\n".join(messages(ecs)))


def test_deleting_drains_and_then_the_name_is_free(server: Serving, ecs: Any) -> None:
    ecs.create_service(**service())
    server.advance(60)
    with pytest.raises(ClientError, match=r"The service cannot be stopped while it is scaled above 0\."):
        ecs.delete_service(cluster="main", service="web")
    assert ecs.delete_service(cluster="main", service="web", force=True)["service"]["status"] == "DRAINING"
    assert (described(ecs)["status"], ecs.list_services(cluster="main")["serviceArns"]) == ("DRAINING", [])
    with pytest.raises(ClientError, match=r"Unable to Start a service that is still Draining\."):
        ecs.create_service(**service())
    server.advance(60)
    assert described(ecs)["status"] == "INACTIVE"
    assert ecs.list_services(cluster="main")["serviceArns"] == []
    with pytest.raises(ecs.exceptions.ServiceNotActiveException):
        ecs.update_service(cluster="main", service="web", desiredCount=1)
    assert ecs.create_service(**service())["service"]["status"] == "ACTIVE"


def test_a_stopped_task_is_replaced(server: Serving, ecs: Any) -> None:
    ecs.create_service(**service())
    server.advance(60)
    (victim, other) = ecs.list_tasks(cluster="main", serviceName="web")["taskArns"]
    ecs.stop_task(cluster="main", task=victim, reason="testing")
    server.advance(60)
    (task,) = ecs.describe_tasks(cluster="main", tasks=[victim])["tasks"]
    assert (task["lastStatus"], task["stopCode"], task["stoppedReason"]) == (
        "STOPPED",
        "UserInitiated",
        "testing",
    )
    arns = ecs.list_tasks(cluster="main", serviceName="web")["taskArns"]
    assert len(arns) == 2
    assert other in arns
    assert victim not in arns
    assert ecs.list_tasks(cluster="main", desiredStatus="STOPPED", family="web")["taskArns"] == [victim]
    server.advance(4000)
    assert ecs.describe_tasks(cluster="main", tasks=[victim])["failures"] == [
        {"arn": victim, "reason": "MISSING"}
    ]


@pytest.mark.parametrize(("drain", "status"), [(1, "STOPPED"), (600, "DEACTIVATING")])
def test_a_crashed_task_tells_its_exit_code(server: Serving, ecs: Any, drain: float, status: str) -> None:
    server.knobs(deactivate=drain)
    ecs.create_service(**service(revision="web:2", count=1))
    server.advance(30)
    (arn,) = ecs.list_tasks(cluster="main", desiredStatus="STOPPED")["taskArns"][:1]
    (task,) = ecs.describe_tasks(cluster="main", tasks=[arn])["tasks"]
    assert (task["stopCode"], task["lastStatus"]) == ("EssentialContainerExited", status)
    assert (task["containers"][0]["lastStatus"], task["containers"][0]["exitCode"]) == ("STOPPED", 1)


@pytest.mark.parametrize("count", [1, 3])
def test_targets_are_registered_and_drained_all_at_once(server: Serving, ecs: Any, count: int) -> None:
    group = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1"
    balancer = {"targetGroupArn": group, "containerName": "app", "containerPort": 80}
    ecs.create_service(**service(count=count, loadBalancers=[balancer]))
    server.advance(60)
    ecs.update_service(cluster="main", service="web", forceNewDeployment=True)
    server.advance(60)
    texts = messages(ecs)
    assert texts.count(f"(service web) registered {count} targets in (target-group {group})") == 2
    assert texts.count(f"(service web) deregistered {count} targets in (target-group {group})") == 1
    assert texts.count(f"(service web) has begun draining connections on {count} tasks.") == 1


def test_waiters_end(ecs: Any, server: Serving) -> None:
    server.knobs(speed=200)
    quick = {"WaiterConfig": {"Delay": 0.02, "MaxAttempts": 300}}
    ecs.create_service(**service(deploymentConfiguration=BREAKER))
    ecs.get_waiter("services_stable").wait(cluster="main", services=["web"], **quick)
    arns = ecs.list_tasks(cluster="main", serviceName="web")["taskArns"]
    ecs.get_waiter("tasks_running").wait(cluster="main", tasks=arns, **quick)
    ecs.update_service(cluster="main", service="web", taskDefinition="web:5")
    ecs.get_waiter("services_stable").wait(cluster="main", services=["web"], **quick)
    ecs.get_waiter("tasks_stopped").wait(cluster="main", tasks=arns, **quick)
    ecs.delete_service(cluster="main", service="web", force=True)
    ecs.get_waiter("services_inactive").wait(cluster="main", services=["web"], **quick)


def test_two_runs_with_the_same_number_are_the_same() -> None:
    def run(number: int) -> dict[str, Any]:
        with sandbox.serving(number=number) as served:
            client = connect(served.endpoint_url)
            client.create_cluster(clusterName="main")
            for tag in ("1", "crash"):
                container = {"name": "app", "image": f"web:{tag}", "memory": 64}
                client.register_task_definition(family="web", containerDefinitions=[container])
            plain = service(deploymentConfiguration=BREAKER) | {"launchType": "EC2"}
            client.create_service(
                **{name: value for name, value in plain.items() if name != "networkConfiguration"}
            )
            served.advance(60)
            client.update_service(cluster="main", service="web", taskDefinition="web:2")
            served.advance(120)
            return served.dump()

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_a_rollback_may_mint_a_new_id(server: Serving, ecs: Any) -> None:
    server.knobs(rollback_new_id=True)
    ecs.create_service(**service(deploymentConfiguration=BREAKER))
    server.advance(60)
    good = described(ecs)["deployments"][0]["id"]
    ecs.update_service(cluster="main", service="web", taskDefinition="web:2")
    server.advance(300)
    (deployment,) = described(ecs)["deployments"]
    assert deployment["id"] != good
    assert deployment["taskDefinition"].endswith("web:1")
    assert len(ecs.list_tasks(cluster="main", startedBy=deployment["id"])["taskArns"]) == 2


def test_a_strategy_of_one_s_own_decides_the_fate_of_containers() -> None:
    def fate(image: str) -> Outcome:
        return Outcome.CANNOT_PULL if image == "web:1" else Outcome.RUNS

    seed = {"task_definitions": [task_definition(), task_definition("web:2")], "services": [service()]}
    with sandbox.serving(seed, outcomes=fate) as served:
        client = connect(served.endpoint_url)
        assert described(client)["runningCount"] == 0
        client.update_service(cluster="main", service="web", taskDefinition="web:2")
        served.advance(60)
        assert described(client)["runningCount"] == 2
