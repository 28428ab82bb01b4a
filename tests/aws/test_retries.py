"""What is sent again, and what must not be."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from reconciler.aws import retries
from reconciler.aws.faults import Call
from reconciler.aws.gateway import EcsGateway
from reconciler.errors import AwsError, AwsRefused, AwsThrottled, AwsUnreachable

WRITES: list[tuple[str, dict[str, Any]]] = [
    ("register_task_definition", {"family": "web", "containerDefinitions": []}),
    ("create_service", {"serviceName": "web"}),
    ("update_service", {"service": "web"}),
]
SUCCESS = {
    "taskDefinition": {"family": "web"},
    "service": {"serviceName": "web"},
    "services": [],
    "failures": [],
}


_CALLED = re.compile(r"""\.(?:call|pages)\(\s*"([A-Z]\w+)\"""")


def test_of_every_operation_that_changes_something_it_is_said_whether_it_may_be_sent_twice() -> None:
    sources = Path(retries.__file__).parent.glob("*.py")
    called = {name for source in sources for name in _CALLED.findall(source.read_text())}
    writes = {name for name in called if Call("ecs", name).writes and name not in _SESSIONS}
    assert writes <= {*retries.WRITES, *retries.CODE_DEPLOY_WRITES, *retries.HARMLESS}
    assert {"UpdateService", "CreateDeployment", "TagResource"} <= writes


_SESSIONS = ("StartSession", "ExecuteCommand")
"""They open a way into a container and change nothing that stays."""


@pytest.mark.parametrize(("method", "body"), WRITES)
def test_a_write_whose_answer_is_lost_is_not_sent_again(
    server: Any, open_to: Any, method: Any, body: Any
) -> None:
    server.says("drop", SUCCESS)
    with pytest.raises(AwsUnreachable) as caught:
        getattr(EcsGateway(open_to()), method)(body)
    assert len(server.requests) == 1
    assert "may have been carried out" in str(caught.value)


@pytest.mark.parametrize(("method", "body"), WRITES)
def test_a_write_that_the_server_failed_on_is_not_sent_again(
    server: Any, open_to: Any, method: Any, body: Any
) -> None:
    server.fails(500, "ServerException", "Internal", SUCCESS)
    with pytest.raises(AwsError) as caught:
        getattr(EcsGateway(open_to()), method)(body)
    assert (len(server.requests), caught.value.temporary) == (1, True)


@pytest.mark.parametrize(("method", "body"), WRITES)
def test_a_throttled_write_is_sent_again(
    server: Any, open_to: Any, no_waiting: Any, method: Any, body: Any
) -> None:
    server.fails(400, "ThrottlingException", "Rate exceeded", SUCCESS)
    getattr(EcsGateway(open_to()), method)(body)
    assert (len(server.requests), len(no_waiting)) == (2, 1)


def test_a_family_that_is_busy_is_tried_again_and_given_up(
    server: Any, open_to: Any, no_waiting: Any
) -> None:
    server.fails(
        400,
        "ClientException",
        "Too many concurrent attempts to create a new revision of the specified family.",
    )
    with pytest.raises(AwsThrottled):
        EcsGateway(open_to()).register_task_definition(WRITES[0][1])
    assert no_waiting == [1, 2, 4, 8]


@pytest.mark.parametrize("answer", ["drop", (500, '{"__type": "ServerException"}'), (503, "")])
def test_a_read_is_sent_again(server: Any, open_to: Any, answer: Any) -> None:
    server.says(answer, SUCCESS)
    EcsGateway(open_to()).describe_services("prod", ["web"])
    assert len(server.requests) == 2


def test_a_refusal_is_not_sent_again(server: Any, open_to: Any) -> None:
    server.fails(400, "InvalidParameterException", "No.")
    with pytest.raises(AwsRefused):
        EcsGateway(open_to()).update_service({"service": "web"})
    assert len(server.requests) == 1


@pytest.mark.parametrize(("setting", "sent"), [({}, 5), ({"AWS_MAX_ATTEMPTS": "2"}, 2)])
def test_attempts_are_the_environments(server: Any, open_to: Any, setting: dict[str, str], sent: int) -> None:
    server.fails(400, "ThrottlingException", "Rate exceeded")
    with pytest.raises(AwsThrottled) as caught:
        EcsGateway(open_to(setting)).describe_task_definition("web")
    assert (len(server.requests), caught.value.temporary) == (sent, True)


@pytest.mark.parametrize(
    ("setting", "mode"), [({}, "standard"), ({"AWS_RETRY_MODE": "adaptive"}, "adaptive")]
)
def test_the_mode_of_retrying_is_the_environments(open_to: Any, setting: dict[str, str], mode: str) -> None:
    assert open_to(setting).botocore_client("ecs").meta.config.retries["mode"] == mode


def test_a_write_that_never_left_is_tried_again(open_to: Any, no_waiting: Any) -> None:
    closed = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    with pytest.raises(AwsUnreachable) as caught:
        EcsGateway(open_to(closed)).update_service({"service": "web"})
    assert len(no_waiting) == 4
    assert "AWS_ENDPOINT_URL" in str(caught.value)
