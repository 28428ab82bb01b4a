"""Service deployments of every strategy: their stages, what fails them, and what users do to them, by boto3."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from reconciler.sandbox import scripts
from reconciler.sandbox.servings import Serving
from tests.sandbox.bodies import BREAKER, described, messages, service, task_definition

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:check"
GREEN: dict[str, Any] = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5}


def record(client: Any, index: int = 0) -> dict[str, Any]:
    """Describe a service deployment of the service `web`, the newest first."""
    listed = client.list_service_deployments(cluster="main", service="web")["serviceDeployments"]
    arn = listed[index]["serviceDeploymentArn"]
    answer = client.describe_service_deployments(serviceDeploymentArns=[arn])
    (found,) = answer["serviceDeployments"]
    return dict(found)


@pytest.fixture
def roll(server: Serving, ecs: Any) -> Callable[..., None]:
    """Create the service, and once it is at rest start the deployment of another revision, so configured."""

    def start(configuration: dict[str, Any], revision: str = "web:5", **members: Any) -> None:
        ecs.create_service(**service(**members))
        server.advance(100)
        assert record(ecs)["status"] == "SUCCESSFUL"
        change = {"taskDefinition": revision, "deploymentConfiguration": configuration}
        ecs.update_service(cluster="main", service="web", **change)

    return start


def pause(*names: str, **timeout: Any) -> dict[str, Any]:
    return {"targetType": "PAUSE", "lifecycleStages": list(names), "timeoutConfiguration": timeout}


def function(*names: str) -> dict[str, Any]:
    return {"hookTargetArn": FUNCTION, "roleArn": "r", "lifecycleStages": list(names)}


def test_the_statuses_of_a_rolling_deployment(server: Serving, ecs: Any) -> None:
    ecs.create_service(**service())
    first = record(ecs)
    assert (first["status"], "startedAt" in first, first["sourceServiceRevisions"]) == ("PENDING", False, [])
    server.advance(2)
    assert record(ecs)["status"] == "IN_PROGRESS"
    server.advance(60)
    done = record(ecs)
    assert (done["status"], "finishedAt" in done) == ("SUCCESSFUL", True)
    counts = {"requestedTaskCount": 2, "runningTaskCount": 2, "pendingTaskCount": 0}
    assert done["targetServiceRevision"] == {"arn": first["targetServiceRevision"]["arn"], **counts}
    assert done["deploymentCircuitBreaker"] == {"status": "DISABLED", "failureCount": 0, "threshold": 3}
    assert done["alarms"] == {"status": "DISABLED"}


def test_counts_move_from_source_to_target(server: Serving, ecs: Any, roll: Callable[..., None]) -> None:
    roll(BREAKER)
    server.advance(10)
    under_way = record(ecs)
    (source,) = under_way["sourceServiceRevisions"]
    assert source["runningTaskCount"] == under_way["targetServiceRevision"]["pendingTaskCount"] == 2
    assert under_way["deploymentCircuitBreaker"]["status"] == "MONITORING"
    assert "requestedProductionTrafficWeight" not in source
    server.advance(60)
    done = record(ecs)
    assert done["sourceServiceRevisions"][0]["runningTaskCount"] == 0
    assert done["targetServiceRevision"]["runningTaskCount"] == 2
    assert done["deploymentCircuitBreaker"]["status"] == "MONITORING_COMPLETE"
    ecs.update_service(cluster="main", service="web", desiredCount=5)
    server.advance(60)
    assert record(ecs) == done  # what has ended does not change


def test_a_deployment_begun_meanwhile_stops_the_one_under_way(
    server: Serving, ecs: Any, roll: Callable[..., None]
) -> None:
    roll({})
    server.advance(5)
    ecs.update_service(cluster="main", service="web", forceNewDeployment=True)
    assert (record(ecs)["status"], record(ecs, 1)["status"]) == ("PENDING", "STOP_REQUESTED")
    assert len(record(ecs)["sourceServiceRevisions"]) == 2
    server.advance(2)
    stopped = record(ecs, 1)
    assert (record(ecs)["status"], stopped["status"], "stoppedAt" in stopped) == (
        "IN_PROGRESS",
        "STOPPED",
        True,
    )


BEFORE = ["PRE_SCALE_UP", "SCALE_UP", "POST_SCALE_UP", "TEST_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT"]
SHIFT = ["PRE_PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"]
AFTER = ["POST_PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP"]


@pytest.mark.parametrize(
    ("configuration", "steps", "shares"),
    [
        ({**GREEN, "bakeTimeInMinutes": 1}, 1, [0.0, 100.0]),
        (
            {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 40.0, "stepBakeTimeInMinutes": 1}},
            3,
            [0.0, 40.0, 80.0, 100.0],
        ),
        (
            {
                "strategy": "CANARY",
                "canaryConfiguration": {"canaryPercent": 7.5, "canaryBakeTimeInMinutes": 1},
            },
            2,
            [0.0, 7.5, 100.0],
        ),
    ],
)
def test_stages_and_shares_of_traffic(
    server: Serving,
    ecs: Any,
    roll: Callable[..., None],
    configuration: dict[str, Any],
    steps: int,
    shares: Any,
) -> None:
    hooked = [*BEFORE[:1], *BEFORE[2:], *SHIFT, AFTER[0]]
    bake = {"bakeTimeInMinutes": 1}
    roll({**bake, **configuration, "lifecycleHooks": [function(*hooked)]})
    seen: list[str] = []
    weights: list[float] = []
    for _ in range(400):
        server.advance(1)
        shown = record(ecs)
        stage, target = shown["lifecycleStage"], shown["targetServiceRevision"]
        if stage not in seen[-1:]:
            seen.append(stage)
        if target["requestedProductionTrafficWeight"] not in weights[-1:]:
            weights.append(target["requestedProductionTrafficWeight"])
        (source,) = shown["sourceServiceRevisions"]
        total = sum(each["requestedProductionTrafficWeight"] for each in (source, target))
        assert total == 100.0 or shown["status"] == "SUCCESSFUL"
        if shown["status"] == "SUCCESSFUL":
            break
    server.advance(200)
    assert record(ecs)["lifecycleStage"] == seen[-1]
    assert seen == [*BEFORE, *(SHIFT * steps), *AFTER]
    assert weights == shares
    assert record(ecs)["status"] == "SUCCESSFUL"
    assert {each["status"] for each in record(ecs)["lifecycleHookDetails"]} == {"SUCCEEDED"}
    assert described(ecs)["runningCount"] == 2


def test_reconciling_comes_first_where_more_than_one_revision_runs(
    server: Serving, ecs: Any, roll: Callable[..., None]
) -> None:
    roll({**GREEN, "lifecycleHooks": [pause("RECONCILE_SERVICE")]})
    server.advance(60)
    assert record(ecs)["lifecycleStage"] == "BAKE_TIME"
    ecs.update_service(cluster="main", service="web", forceNewDeployment=True)
    server.advance(60)
    assert record(ecs)["lifecycleStage"] == "RECONCILE_SERVICE"
    assert record(ecs)["targetServiceRevision"]["runningTaskCount"] == 0


def test_a_pause_holds_until_somebody_continues(server: Serving, ecs: Any, roll: Callable[..., None]) -> None:
    roll({**GREEN, "lifecycleHooks": [pause("PRE_SCALE_UP", timeoutInMinutes=60, action="CONTINUE")]})
    server.advance(600)
    paused = record(ecs)
    (hook,) = paused["lifecycleHookDetails"]
    assert (paused["status"], paused["lifecycleStage"]) == ("IN_PROGRESS", "PRE_SCALE_UP")
    assert (hook["targetType"], hook["status"]) == ("PAUSE", "AWAITING_ACTION")
    assert hook["timeoutAction"] == "CONTINUE"
    assert 3595 < (hook["expiresAt"] - paused["startedAt"]).total_seconds() < 3605
    assert "targetArn" not in hook
    assert paused["targetServiceRevision"]["pendingTaskCount"] == 0
    arn = paused["serviceDeploymentArn"]
    with pytest.raises(ClientError, match="no lifecycle hook with this hookId"):
        ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId="ecs-pause-other")
    with pytest.raises(ecs.exceptions.ServiceDeploymentNotFoundException):
        ecs.continue_service_deployment(serviceDeploymentArn=arn + "0", hookId=hook["hookId"])
    answer = ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=hook["hookId"])
    assert answer["serviceDeploymentArn"] == arn
    with pytest.raises(ClientError, match="is not awaiting action"):
        ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=hook["hookId"])
    server.advance(60)
    assert record(ecs)["lifecycleStage"] == "BAKE_TIME"
    server.advance(600)
    assert (record(ecs)["status"], described(ecs)["taskDefinition"][-5:]) == ("SUCCESSFUL", "web:5")


@pytest.mark.parametrize("way", ["a user", "the timeout", "the function"])
def test_a_hook_that_ends_badly_rolls_back(
    server: Serving, ecs: Any, roll: Callable[..., None], way: str
) -> None:
    stage = "POST_TEST_TRAFFIC_SHIFT"
    hook = function(stage) if way == "the function" else pause(stage, timeoutInMinutes=5)
    if way == "the function":
        script = server.sandbox.world("eu-west-1").script
        script.hooks.append(scripts.Ending("*:check", stage, "FAILED", 5))
    roll({**GREEN, "lifecycleHooks": [hook]})
    old = set(ecs.list_tasks(cluster="main", serviceName="web")["taskArns"])
    server.advance(23)
    shown = record(ecs)
    assert shown["lifecycleStage"] == stage
    assert shown["targetServiceRevision"]["requestedTestTrafficWeight"] == 100.0
    (detail,) = shown["lifecycleHookDetails"]
    if way == "a user":
        ecs.continue_service_deployment(
            serviceDeploymentArn=shown["serviceDeploymentArn"], hookId=detail["hookId"], action="ROLLBACK"
        )
    server.advance(8 if way != "the timeout" else 301)
    assert record(ecs)["status"] == "ROLLBACK_IN_PROGRESS"
    server.advance(30)
    done = record(ecs)
    assert done["status"] == "ROLLBACK_SUCCESSFUL"
    assert done["statusReason"] == done["rollback"]["reason"]
    assert done["statusReason"].startswith(
        "Service deployment rolled back because POST_TEST_TRAFFIC_SHIFT lifecycle hook(s) failed. "
    )
    assert done["rollback"]["serviceRevisionArn"] == done["sourceServiceRevisions"][0]["arn"]
    assert {each["status"] for each in done["lifecycleHookDetails"]} == {
        "TIMED_OUT" if way == "the timeout" else "FAILED"
    }
    assert set(ecs.list_tasks(cluster="main", serviceName="web")["taskArns"]) == old
    assert described(ecs)["taskDefinition"].endswith("web:1")


def test_no_candidate_to_roll_back_to(server: Serving, ecs: Any) -> None:
    configuration = GREEN | BREAKER
    ecs.create_service(**service(revision="web:2", deploymentConfiguration=configuration))
    server.advance(300)
    done = record(ecs)
    assert (done["status"], done["statusReason"]) == (
        "ROLLBACK_FAILED",
        "No rollback candidate was found to run the rollback.",
    )
    assert done["deploymentCircuitBreaker"]["status"] == "TRIGGERED"
    assert described(ecs)["deployments"][0]["rolloutState"] == "FAILED"


@pytest.mark.parametrize("configuration", [{}, GREEN], ids=["ROLLING", "BLUE_GREEN"])
def test_stopping_rolls_back(
    server: Serving, ecs: Any, roll: Callable[..., None], configuration: dict[str, Any]
) -> None:
    roll(configuration)
    server.advance(30 if configuration else 10)
    arn = record(ecs)["serviceDeploymentArn"]
    assert ecs.stop_service_deployment(serviceDeploymentArn=arn)["serviceDeploymentArn"] == arn
    assert record(ecs)["status"] == "ROLLBACK_REQUESTED"
    ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    server.advance(2)
    assert record(ecs)["status"] == "ROLLBACK_IN_PROGRESS"
    server.advance(20)
    assert record(ecs)["status"] == "ROLLBACK_SUCCESSFUL"
    (deployment,) = described(ecs)["deployments"]
    assert (deployment["rolloutState"], deployment["taskDefinition"][-5:]) == ("COMPLETED", "web:1")
    with pytest.raises(ecs.exceptions.ConflictException):
        ecs.stop_service_deployment(serviceDeploymentArn=arn)
    with pytest.raises(ecs.exceptions.ServiceDeploymentNotFoundException):
        ecs.stop_service_deployment(serviceDeploymentArn=arn + "0")


def test_a_rollback_out_of_the_clean_up_starts_the_old_tasks_again(
    server: Serving, ecs: Any, roll: Callable[..., None]
) -> None:
    roll(GREEN | {"bakeTimeInMinutes": 1})
    while record(ecs).get("lifecycleStage") != "CLEAN_UP":
        server.advance(1)
    assert record(ecs)["sourceServiceRevisions"][0]["runningTaskCount"] == 0
    ecs.stop_service_deployment(serviceDeploymentArn=record(ecs)["serviceDeploymentArn"])
    running = []
    while record(ecs)["status"] != "ROLLBACK_SUCCESSFUL":
        server.advance(1)
        running.append(described(ecs)["runningCount"])
    assert min(running) == 2
    assert described(ecs)["taskDefinition"].endswith("web:1")


def test_traffic_goes_back_to_the_one_that_had_it(
    server: Serving, ecs: Any, roll: Callable[..., None]
) -> None:
    linear = {"stepPercent": 25.0, "stepBakeTimeInMinutes": 1}
    roll({"strategy": "LINEAR", "linearConfiguration": linear})
    server.advance(100)
    shown = record(ecs)
    assert shown["targetServiceRevision"]["requestedProductionTrafficWeight"] == 50.0
    ecs.stop_service_deployment(serviceDeploymentArn=shown["serviceDeploymentArn"])
    server.advance(2)
    ecs.update_service(cluster="main", service="web", taskDefinition="web:3")
    server.advance(3)
    sources = record(ecs)["sourceServiceRevisions"]
    assert [each["requestedProductionTrafficWeight"] for each in sources] == [100.0, 0.0]


def test_service_deployments_go_with_the_service(
    server: Serving, ecs: Any, roll: Callable[..., None]
) -> None:
    roll(GREEN)
    server.advance(10)
    ecs.delete_service(cluster="main", service="web", force=True)
    server.advance(60)
    assert described(ecs)["status"] == "INACTIVE"
    assert ecs.list_service_deployments(cluster="main", service="web")["serviceDeployments"] == []


def test_aborting_leaves_what_there_is(server: Serving, ecs: Any, roll: Callable[..., None]) -> None:
    roll(GREEN)
    server.advance(6)
    arn = record(ecs)["serviceDeploymentArn"]
    ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ABORT")
    assert record(ecs)["status"] == "STOP_REQUESTED"
    server.advance(60)
    assert record(ecs)["status"] == "STOPPED"
    assert "stoppedAt" in record(ecs)
    shown = described(ecs)
    old = [each["runningCount"] for each in shown["deployments"] if each["taskDefinition"].endswith("web:1")]
    assert old == [2]
    assert shown["deployments"][0]["rolloutState"] == "FAILED"
    ecs.update_service(cluster="main", service="web", taskDefinition="web:1")
    server.advance(600)
    assert (record(ecs)["status"], described(ecs)["runningCount"]) == ("SUCCESSFUL", 2)


ALARMS: dict[str, Any] = {"alarms": {"alarmNames": ["errors", "latency"], "enable": True, "rollback": True}}


@pytest.mark.parametrize(
    ("configuration", "at", "stage"),
    [({}, 8, None), ({"bakeTimeInMinutes": 3}, 100, "BAKE_TIME"), (GREEN, 100, "BAKE_TIME")],
    ids=["ROLLING", "ROLLING baking", "BLUE_GREEN baking"],
)
def test_an_alarm_rolls_back(
    server: Serving,
    ecs: Any,
    roll: Callable[..., None],
    configuration: dict[str, Any],
    at: int,
    stage: str | None,
) -> None:
    server.alarms(latency="ALARM")  # in ALARM before: not looked at
    roll(configuration | ALARMS)
    server.advance(at)
    shown = record(ecs)
    assert (shown["status"], shown.get("lifecycleStage")) == ("IN_PROGRESS", stage)
    assert shown["alarms"] == {"status": "MONITORING", "alarmNames": ["errors", "latency"]}
    server.alarms(errors="ALARM")
    server.advance(2)
    assert record(ecs)["status"] == "ROLLBACK_IN_PROGRESS"
    server.advance(60)
    done = record(ecs)
    assert done["status"] == "ROLLBACK_SUCCESSFUL"
    assert done["alarms"]["triggeredAlarmNames"] == ["errors"]
    assert described(ecs)["taskDefinition"].endswith("web:1")
    assert described(ecs)["runningCount"] == 2
    assert any("deployment failed: alarm detected." in text for text in messages(ecs))


def test_an_alarm_without_rollback_stops(server: Serving, ecs: Any, roll: Callable[..., None]) -> None:
    alarms = {"alarms": {"alarmNames": ["errors"], "enable": True, "rollback": False}}
    roll(alarms)
    server.alarms(errors="ALARM")
    server.advance(60)
    assert (record(ecs)["status"], "stoppedAt" in record(ecs)) == ("STOPPED", True)
    assert described(ecs)["deployments"][0]["rolloutState"] == "FAILED"


def test_a_rolling_deployment_bakes_before_it_completes(
    server: Serving, ecs: Any, roll: Callable[..., None]
) -> None:
    roll({"bakeTimeInMinutes": 2})
    server.advance(120)
    assert described(ecs)["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert (described(ecs)["runningCount"], len(described(ecs)["deployments"])) == (2, 1)
    server.advance(60)
    assert record(ecs)["status"] == "SUCCESSFUL"


def test_a_rollback_restores_the_revision_and_not_the_task_definition_alone(
    server: Serving, ecs: Any
) -> None:
    ecs.create_service(**service(deploymentConfiguration=BREAKER))
    server.advance(60)
    before = described(ecs)["networkConfiguration"]
    network = {"awsvpcConfiguration": {"subnets": ["subnet-9"]}}
    ecs.update_service(cluster="main", service="web", taskDefinition="web:2", networkConfiguration=network)
    assert described(ecs)["networkConfiguration"] != before
    server.advance(300)
    assert record(ecs)["status"] == "ROLLBACK_SUCCESSFUL"
    assert described(ecs)["networkConfiguration"] == before
    ecs.register_task_definition(**task_definition("web:3"))
    ecs.update_service(cluster="main", service="web", taskDefinition="web:6")
    server.advance(60)
    assert record(ecs)["status"] == "SUCCESSFUL"
