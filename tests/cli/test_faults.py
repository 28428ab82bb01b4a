"""When AWS refuses, throttles or does not answer: what is said, what was done, and that running again mends it."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import CLUSTER, REGION, SERVICE, UNIT, Box, Cli, client_of, edit

_NEW = {"IMAGE_TAG": "2.4.62"}
_REGISTER = "task_definition.test-httpd: register a revision of test-httpd"
_UPDATE = f"{UNIT}: update the service {CLUSTER}/{SERVICE}"


def _fault(operation: str, code: str = "", message: str = "as told", **more: object) -> dict[str, object]:
    return {"operation": operation, **({"code": code, "message": message} if code else {}), **more}


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        (
            {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None},
            ("Unable to locate credentials", "AWS_PROFILE", "aws sso login"),
        ),
        ({"AWS_SECRET_ACCESS_KEY": None}, ("Partial credentials", "AWS_SECRET_ACCESS_KEY", "together")),
    ],
)
@pytest.mark.parametrize("metadata", ["true", None], ids=["without metadata", "asking for metadata"])
def test_no_credentials(
    cli: Cli, box: Box, environ: Mapping[str, str | None], words: tuple[str, ...], metadata: str | None
) -> None:
    started = time.monotonic()
    cli("plan", **environ, AWS_EC2_METADATA_DISABLED=metadata).one_error(*words)
    assert time.monotonic() - started < 10
    assert box.serving.calls() == []


_REFUSALS: dict[str, tuple[dict[str, object], tuple[str, ...]]] = {
    "expired": (
        _fault(".*", "ExpiredTokenException", "The security token included in the request is expired"),
        ("token included in the request is expired", "fresh credentials", "aws sso login"),
    ),
    "denied": (
        _fault(
            "DescribeServices",
            "AccessDeniedException",
            "User: u is not authorized to perform: ecs:DescribeServices on resource: r",
        ),
        ("not authorized", "allow ecs:DescribeServices on r"),
    ),
    "denied the account": (
        _fault("GetCallerIdentity", "AccessDenied", status=403),
        ("allow sts:GetCallerIdentity",),
    ),
    "denied the revision": (
        _fault("DescribeTaskDefinition", "AccessDeniedException"),
        ("allow ecs:DescribeTaskDefinition",),
    ),
    "no such cluster": (
        _fault("DescribeServices", "ClusterNotFoundException"),
        (f"no cluster {CLUSTER} in {REGION}",),
    ),
    "invalid keys": (_fault(".*", "UnrecognizedClientException"), ("aws sts get-caller-identity",)),
}


@pytest.mark.parametrize("case", _REFUSALS)
def test_a_read_that_is_refused_is_an_error_and_no_empty_plan(cli: Cli, box: Box, case: str) -> None:
    fault, words = _REFUSALS[case]
    box.serving.faults([fault])
    for command in (("plan", "--detailed-exitcode"), ("apply", "--auto-approve")):
        cli(*command, **_NEW).one_error(*words)
    assert box.writes() == []


@pytest.mark.parametrize("command", ["status", "wait"])
def test_status_and_wait_tell_what_is_not_there(cli: Cli, box: Box, command: str) -> None:
    edit("ecspresso.yml", "service: your-service", "service: other")
    cli(command).one_error("service your-cluster/other does not exist", "reconciler apply")
    edit("ecspresso.yml", "cluster: your-cluster", "cluster: other")
    cli(command).one_error(f"no cluster other in {REGION}", "check `cluster`")


def test_an_endpoint_that_does_not_answer(cli: Cli) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}"
    started = time.monotonic()
    cli("plan", AWS_ENDPOINT_URL=endpoint, AWS_MAX_ATTEMPTS="2").one_error(
        endpoint, "check the network", "AWS_ENDPOINT_URL"
    )
    assert time.monotonic() - started < 10


def test_throttling_that_passes_is_not_noticed(cli: Cli, box: Box) -> None:
    box.serving.faults([_fault("(Describe|Register|Update).*", "ThrottlingException", times=2)])
    assert cli("apply", "--auto-approve", **_NEW).code == 0
    assert [call.get("error") for call in box.serving.calls()].count("ThrottlingException") == 2


def test_throttling_that_stays_is_told(cli: Cli, box: Box) -> None:
    box.serving.faults([_fault("DescribeServices", "ThrottlingException", "Rate exceeded")])
    cli("plan", AWS_MAX_ATTEMPTS="2").one_error("Rate exceeded", "AWS_MAX_ATTEMPTS")


@pytest.mark.parametrize(
    "fault",
    [
        {"reset": "before", "times": 1},
        {"code": "ServerException", "message": "down", "status": 500, "times": 1},
    ],
)
def test_a_read_that_fails_once_is_tried_again(cli: Cli, box: Box, fault: dict[str, object]) -> None:
    for operation in ("DescribeServices", "DescribeTaskDefinition", "GetCallerIdentity"):
        box.serving.faults([{"operation": operation} | fault])
        ran = cli("plan", "--detailed-exitcode")
        assert (ran.code, ran.err) == (0, "")


# The faults of a write, whether it happened all the same, and what is said of the step.
_WRITES = [
    (
        _fault("{}", "AccessDeniedException", "u is not authorized to perform: ecs:{} on resource: r"),
        "not done",
        "allow ecs:{} on r",
    ),
    (
        _fault("{}", "InvalidParameterException", "Nonsense."),
        "not done",
        "correct what AWS refuses, and run the",
    ),
    (_fault("{}", reset="before", times=1), "perhaps done", "plan again"),
    (_fault("{}", reset="after", times=1), "perhaps done", "plan again"),
    (_fault("{}", "ServerException", "down", status=500, times=1), "perhaps done", "try again"),
]


@pytest.mark.parametrize("fault", _WRITES, ids=["denied", "refused", "lost before", "lost after", "broken"])
@pytest.mark.parametrize("operation", ["RegisterTaskDefinition", "UpdateService"])
def test_a_write_that_fails_says_what_was_done_and_running_again_mends_it(
    cli: Cli, box: Box, operation: str, fault: tuple[dict[str, Any], str, str]
) -> None:
    rule, word, hint = fault
    box.serving.faults(
        [{name: value.format(operation) if isinstance(value, str) else value for name, value in rule.items()}]
    )
    ran = cli("apply", "--auto-approve", **_NEW)
    assert ran.code == 1
    assert ran.err.count("Error: ") == 1
    assert f"  {word}: {_REGISTER if operation == 'RegisterTaskDefinition' else _UPDATE}\n" in ran.err
    assert hint.format(operation) in ran.err
    if operation == "UpdateService":
        assert f"  done: {_REGISTER} (test-httpd:2)\n" in ran.err
    else:
        assert f"  not done: {_UPDATE}\n" in ran.err
    assert box.writes().count(operation) == 1

    box.serving.faults([])
    again = cli("apply", "--auto-approve", **_NEW)
    assert again.code == 0, again
    assert box.revisions() == 2
    box.settle()
    assert box.service()["taskDefinition"].endswith(":2")
    assert len(box.ecs.list_service_deployments(cluster=CLUSTER, service=SERVICE)["serviceDeployments"]) == 2
    assert cli("plan", "--detailed-exitcode", **_NEW).code == 0


def test_trouble_while_waiting_is_told_and_survived(cli: Cli, box: Box) -> None:
    box.serving.knobs(speed=20)
    throttled = _fault("DescribeServices", "ThrottlingException", "Rate exceeded", times=1)
    with box.once_called("UpdateService", lambda: box.serving.faults([throttled])):
        ran = cli("apply", "--auto-approve", AWS_MAX_ATTEMPTS="1", **_NEW)
    assert ran.code == 0, ran
    assert f"{UNIT}: ecs DescribeServices: Rate exceeded (ThrottlingException); asking again" in ran.err


def test_a_draining_service_is_refused_and_a_deleted_one_is_created_anew(cli: Cli, box: Box) -> None:
    box.serving.knobs(speed=0)
    box.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    before = box.writes()
    for command in (("plan",), ("apply", "--auto-approve")):
        cli(*command).one_error(f"{CLUSTER}/{SERVICE} is DRAINING", "aws ecs wait services-inactive")
    assert box.writes() == before
    box.serving.knobs(speed=100)
    box.settle()
    assert box.service()["status"] == "INACTIVE"
    assert "1 to add, 0 to change" in cli("plan").out
    assert cli("apply", "--auto-approve").code == 0
    assert box.service()["status"] == "ACTIVE"


@pytest.fixture
def bucket(box: Box) -> Any:
    """Put the state into S3 and have the project read it from there."""
    s3 = client_of(box.serving.endpoint_url, "s3")
    s3.create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="states", Key="app/terraform.tfstate", Body=Path("terraform.tfstate").read_bytes())
    edit("ecspresso.yml", "path: terraform.tfstate", "url: s3://states/app/terraform.tfstate")
    yield s3
    s3.close()
    box.serving.reset()


def test_a_state_in_s3(cli: Cli, box: Box, bucket: Any) -> None:
    ran = cli("plan", "--detailed-exitcode", **_NEW)
    assert (ran.code, ran.err) == (2, "")
    assert cli("plan", "--out", "plan.json", **_NEW).code == 0
    assert (
        json.loads(cli("plan", "--format", "json").out)["inputs"][-1]["source"]["name"]
        == "s3://states/app/terraform.tfstate"
    )
    assert cli("apply", "plan.json").code == 0


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        (
            "AccessDenied",
            403,
            ("does not let", "allow s3:GetObject on arn:aws:s3:::states/app/terraform.tfstate"),
        ),
        ("NoSuchKey", 404, ("bucket states has no object app/terraform.tfstate", "terraform apply first")),
        ("NoSuchBucket", 404, ("there is no bucket states", "correct the bucket")),
    ],
)
def test_a_state_in_s3_that_cannot_be_had(
    cli: Cli, box: Box, bucket: Any, code: str, status: int, words: tuple[str, ...]
) -> None:
    box.serving.faults([{"service": "s3", "code": code, "status": status, "message": "as told"}])
    cli("plan").one_error("ecs-task-def.json:8:42: ", *words)
    cli("apply", "--auto-approve").one_error(*words)
    assert "UpdateService" not in box.writes()
