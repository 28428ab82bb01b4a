"""A deployment played through before it is made."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.rehearsals import WANTED, Rehearsal, rehearse

CONTAINER = {"name": "app", "image": "web:1", "memory": 64, "portMappings": [{"containerPort": 80}]}
TASK: dict[str, Any] = {"family": "web", "containerDefinitions": [CONTAINER]}
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
UNDONE = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
PAUSE = {"targetType": "PAUSE", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"]}
CANARY = {
    "strategy": "CANARY",
    "canaryConfiguration": {"canaryPercent": 10, "canaryBakeTimeInMinutes": 5},
    "bakeTimeInMinutes": 10,
    "lifecycleHooks": [PAUSE],
}
MOVES = {"taskDefinition": WANTED}


def played(configuration: Any, request: Any, *, desired: int = 4, fails: bool = False) -> Rehearsal:
    service = {"serviceName": "web", "desiredCount": desired, "deploymentConfiguration": configuration}
    return rehearse(
        cluster="main", running=TASK, service=service, wanted=TASK, request={"service": "web", **request}, fails=fails
    )  # fmt: skip


@pytest.mark.parametrize(
    ("configuration", "request_", "more", "ending", "peak", "lowest", "failed"),
    [
        pytest.param({}, MOVES, {}, "completed", 8, 4, 0, id="all new tasks first"),
        pytest.param(
            {"maximumPercent": 100, "minimumHealthyPercent": 50}, MOVES, {}, "completed", 5, 2, 0, id="in place"
        ),
        pytest.param(BREAKER, MOVES, {"fails": True}, "rolled back", 8, 4, 4, id="the breaker goes back"),
        pytest.param(UNDONE, MOVES, {"fails": True}, "failed", 8, 4, 4, id="the breaker stops"),
        pytest.param({}, MOVES, {"fails": True}, "endless", 8, 4, 400, id="no breaker"),
        pytest.param({"maximumPercent": 150}, MOVES, {"desired": 1}, "stuck", 1, 1, 0, id="no room"),
        pytest.param({}, {"desiredCount": 6}, {}, "no deployment", 6, 4, 0, id="a scale"),
        pytest.param({}, {"desiredCount": 0}, {}, "no deployment", 4, 0, 0, id="to zero"),
        pytest.param({}, {"forceNewDeployment": True}, {}, "completed", 8, 4, 0, id="forced"),
        pytest.param(CANARY, MOVES, {}, "completed", 8, 4, 0, id="canary, with a pause"),
    ],
)  # fmt: skip
def test_how_it_goes(
    configuration: Any, request_: Any, more: Any, ending: str, peak: int, lowest: int, failed: int
) -> None:
    told = played(configuration, request_, **more)
    assert (told.ending, told.lowest, told.failed) == (ending, lowest, failed)
    assert told.peak - peak in (0, 1), "one that stops may still be there"
    assert [moment.at for moment in told.moments] == sorted(moment.at for moment in told.moments)


TESTED = "the test traffic goes to the new tasks"
MOVED = "all of the production traffic goes to the new tasks"
BAKES = "the bake time begins"
CALLED = {"hookTargetArn": "arn:aws:lambda:eu-west-1:123456789012:function:smoke", "roleArn": "r"} | {
    "lifecycleStages": ["POST_SCALE_UP"]
}


@pytest.mark.parametrize(
    ("configuration", "told"),
    [
        pytest.param(
            CANARY,
            (
                TESTED,
                "a PAUSE hook holds it at POST_TEST_TRAFFIC_SHIFT until somebody continues",
                "10 % of the production traffic goes to the new tasks",
                MOVED,
                BAKES,
            ),
            id="canary, with a pause",
        ),
        pytest.param(
            {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1, "lifecycleHooks": [CALLED]},
            ("the hook smoke is called at POST_SCALE_UP, and taken to succeed", TESTED, MOVED, BAKES),
            id="blue/green, with a function",
        ),
        pytest.param({"alarms": {"enable": True, "rollback": True, "alarmNames": ["a"]}}, (BAKES,), id="alarms"),
        pytest.param({}, (), id="rolling"),
    ],
)  # fmt: skip
def test_the_way_of_a_deployment_is_told_between_its_events(
    configuration: Any, told: tuple[str, ...]
) -> None:
    events = ("has ", "deployment completed")
    story = [moment.text for moment in played(configuration, MOVES).moments]
    assert tuple(text for text in story if not text.startswith(events)) == told


def test_a_canary_takes_its_bake_times() -> None:
    assert played(CANARY, MOVES).seconds > 15 * 60


def test_a_first_deployment_takes_traffic_from_nobody() -> None:
    request = {"serviceName": "web", "desiredCount": 2, "deploymentConfiguration": CANARY, **MOVES}
    told = rehearse(cluster="main", running=None, service=None, wanted=TASK, request=request, fails=False)
    assert not any("traffic goes" in moment.text for moment in told.moments)


def test_a_creation() -> None:
    request = {"serviceName": "web", "desiredCount": 2, **MOVES}
    told = rehearse(cluster="main", running=None, service=None, wanted=TASK, request=request, fails=False)
    assert (told.ending, told.peak, told.lowest) == ("completed", 2, 0)


def test_no_id_is_told() -> None:
    told = played(BREAKER, MOVES, fails=True)
    assert not any("ecs-svc/" in moment.text or "(task" in moment.text for moment in told.moments)
    assert any("rolling back to the deployment before." in moment.text for moment in told.moments)


def test_what_is_refused_is_no_story() -> None:
    with pytest.raises(SandboxError, match="UpdateService"):
        played({}, {"taskDefinition": "nothing:1"})
