"""Failures on demand, as boto3 meets them, and the control endpoints."""

import json
import socket
import time
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.servings import Serving
from tests.sandbox.bodies import Clients, described, service

AUTHORISED = "AWS4-HMAC-SHA256 Credential=x/20260101/eu-west-1/ecs/aws4_request"


def control(server: Serving, name: str, content: object = None) -> Any:
    """Use a control endpoint as a script would."""
    body = None if content is None else json.dumps(content).encode()
    with urllib.request.urlopen(f"{server.endpoint_url}/_sim/{name}", body) as answer:
        return json.load(answer)


def posted(server: Serving, operation: str, body: bytes, authorisation: str = AUTHORISED) -> tuple[int, Any]:
    """Send what boto3 would not."""
    target = f"AmazonEC2ContainerServiceV20141113.{operation}"
    headers = {
        "X-Amz-Target": target,
        "Authorization": authorisation,
        "Content-Type": "application/x-amz-json-1.1",
    }
    try:
        with urllib.request.urlopen(urllib.request.Request(server.endpoint_url, body, headers)) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_botocore_retries_an_injected_throttle(server: Serving, clients: Clients) -> None:
    server.faults([{"operation": "List.*", "code": "ThrottlingException", "times": 2}])
    answer = clients("ecs", attempts=3).list_clusters()
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2
    assert [each.get("error") for each in server.calls()] == [
        "ThrottlingException",
        "ThrottlingException",
        None,
    ]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ThrottlingException", "Rate exceeded"),
        ("TooManyRequestsException", "Rate exceeded"),
        ("ServerException", "A fault of the sandbox: ServerException"),
    ],
)
def test_a_fault_without_a_message_says_what_it_is(
    server: Serving, clients: Clients, code: str, message: str
) -> None:
    server.faults([{"code": code}])
    with pytest.raises(ClientError) as raised:
        clients("ecs").list_clusters()
    assert raised.value.response["Error"] == {"Code": code, "Message": message}


def test_a_rule_can_look_into_the_request(server: Serving, ecs: Any) -> None:
    server.faults(
        [{"operation": "CreateService", "match": '"bad"', "code": "AccessDeniedException", "message": "no"}]
    )
    ecs.create_service(**service("good", count=0))
    with pytest.raises(ClientError) as raised:
        ecs.create_service(**service("bad", count=0))
    assert raised.value.response["Error"] == {"Code": "AccessDeniedException", "Message": "no"}


@pytest.mark.parametrize(("reset", "names"), [("before", []), ("after", ["main"])])
def test_a_reset_connection(server: Serving, clients: Clients, reset: str, names: list[str]) -> None:
    server.faults([{"operation": "CreateCluster", "reset": reset, "times": 1}])
    client = clients("ecs")
    with pytest.raises(ConnectionClosedError):
        client.create_cluster(clusterName="main")
    assert [arn.rpartition("/")[2] for arn in client.list_clusters()["clusterArns"]] == names


def test_a_probability_strikes_some_calls(server: Serving, clients: Clients) -> None:
    server.faults([{"operation": "ListClusters", "code": "ServerException", "status": 500, "p": 0.5}])
    client = clients("ecs")
    for _ in range(40):
        try:
            client.list_clusters()
        except client.exceptions.ServerException:
            continue
    failed = sum("error" in call for call in server.calls())
    assert 8 <= failed <= 32


def test_token_buckets(server: Serving, clients: Clients) -> None:
    server.limits({"ListClusters": {"burst": 2, "rate": 0}})
    client = clients("ecs")
    client.list_clusters()
    client.list_clusters()
    with pytest.raises(ClientError, match=r"ThrottlingException.*Rate exceeded"):
        client.list_clusters()
    client.list_account_settings()
    server.limits({"ListClusters": {"burst": 1, "rate": 100}})
    assert clients("ecs", attempts=3).list_clusters()["clusterArns"] == []


def test_latency(server: Serving, clients: Clients) -> None:
    client = clients("ecs")
    client.list_clusters()
    control(server, "latency", {"milliseconds": 60})
    begun = time.perf_counter()
    client.list_clusters()
    assert time.perf_counter() - begun >= 0.06


def test_control_by_http(server: Serving, ecs: Any) -> None:
    ecs.create_service(**service(count=1))
    now = control(server, "dump")["eu-west-1"]["services"][0]["createdAt"]
    assert control(server, "advance", {"seconds": 60})["now"] == pytest.approx(now + 60)
    assert described(ecs)["runningCount"] == 1
    assert [each["operation"] for each in control(server, "calls")["calls"]][-2:] == [
        "CreateService",
        "DescribeServices",
    ]
    control(server, "knobs", {"pull": 1000})
    control(server, "faults", [{"code": "ServerException"}])
    control(server, "limits", {"ListClusters": {"burst": 0, "rate": 0}})
    control(server, "reset", {})
    assert ecs.list_clusters()["clusterArns"] == []


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("faults", [{"opertion": "x"}], "faults[0]: a fault rule has no member 'opertion'"),
        ("faults", [{"operation": "("}], "faults[0].operation: is no regular expression"),
        ("faults", [{"reset": "maybe"}], "faults[0].reset: must be 'before' or 'after'"),
        ("faults", {"a": 1}, "faults: must be a list"),
        ("knobs", {"pul": 1}, "knobs: no knob is called 'pul'"),
        ("knobs", {"pull": "1"}, "knobs.pull: must be a number of seconds"),
        ("limits", {"X": {"burst": 1}}, "limits.X: must be"),
        ("advance", {}, "advance.seconds: must be a number that is not negative"),
        ("nonsense", {}, "/_sim/nonsense: there are advance"),
    ],
)
def test_a_mistake_in_control_is_explained(server: Serving, name: str, content: object, message: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as raised:
        control(server, name, content)
    with raised.value as error:
        assert error.code == 400
        assert message in json.load(error)["error"]


def test_the_same_mistakes_from_python(server: Serving) -> None:
    with pytest.raises(SandboxError, match="no knob is called 'pul'"):
        server.knobs(pul=1)
    with pytest.raises(SandboxError, match="has no member 'x'"):
        server.faults([{"x": 1}])


@pytest.mark.parametrize(
    ("operation", "body", "error"),
    [
        ("ListClusters", b"{", ("SerializationException", "The request body is not valid JSON.")),
        ("ListClusters", b"[]", ("SerializationException", "Unexpected field type")),
        (
            "ListClusters",
            b'{"maxResults": "7"}',
            ("SerializationException", "STRING_VALUE cannot be converted to Integer"),
        ),
        (
            "CreateCluster",
            b'{"clusterName": 7}',
            ("SerializationException", "NUMBER_VALUE cannot be converted to String"),
        ),
        ("DeleteCluster", b"{}", ("InvalidParameterException", "Cluster should not be null or empty.")),
        ("ListClusters", b'{"nextToken": "x"}', ("InvalidParameterException", "Invalid token")),
        ("Nonsense", b"{}", ("UnknownOperationException", "ECS has no operation Nonsense.")),
    ],
)
def test_malformed_requests(server: Serving, operation: str, body: bytes, error: tuple[str, str]) -> None:
    assert posted(server, operation, body) == (400, {"__type": error[0], "message": error[1]})


def test_a_request_that_is_cut_short_is_not_obeyed(server: Serving) -> None:
    host, port = server.endpoint_url.removeprefix("http://").split(":")
    target = "AmazonEC2ContainerServiceV20141113.UpdateService"
    head = f"POST / HTTP/1.1\r\nHost: {host}\r\nX-Amz-Target: {target}\r\nContent-Length: 99\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=20) as caller:
        caller.sendall(head.encode() + b'{"service": "w')
        caller.shutdown(socket.SHUT_WR)
        try:
            answer = caller.recv(99)
        except ConnectionResetError:
            answer = b""
    assert (answer, server.calls()) == (b"", [])


def test_unknown_members_and_nulls_are_ignored(server: Serving) -> None:
    body = b'{"clusterName": "main", "newer": {"a": 1}, "settings": null}'
    status, answer = posted(server, "CreateCluster", body)
    assert (status, answer["cluster"]["clusterName"]) == (200, "main")


def test_an_unsigned_request_is_refused(server: Serving) -> None:
    status, answer = posted(server, "ListClusters", b"{}", authorisation="")
    assert (status, answer["__type"]) == (400, "MissingAuthenticationTokenException")
