"""Asking what checks read: once each, side by side, and what becomes of errors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import pytest
from botocore.exceptions import ClientError

from reconciler.aws import faults
from reconciler.core.redaction import Masker
from reconciler.core.values import Path
from reconciler.core.verification.checks import (
    Answers,
    Check,
    Judged,
    Needs,
    State,
    Verdict,
    failed,
    passed,
    settled,
    skipped,
)
from reconciler.core.verification.reads import (
    Answer,
    Ask,
    Denied,
    Download,
    Found,
    Manifest,
    Missing,
    Read,
    Refused,
    Unanswered,
    assuming,
    call,
)
from reconciler.core.verification.results import Checked, Verification
from reconciler.engine import verifying
from reconciler.errors import (
    AwsCredentials,
    AwsDenied,
    AwsError,
    AwsNotFound,
    AwsRefused,
    AwsUnreachable,
    PlanError,
    ReconcilerError,
    Where,
)
from reconciler.plugin import AwsOptions

ROLE = "arn:aws:iam::123456789012:role/r"


@dataclass
class World:
    """An AWS that answers each operation with what it is told, and keeps who asked for what."""

    answers: dict[str, dict[str, Any] | ReconcilerError] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    options: dict[str, AwsOptions | None] = field(default_factory=dict)
    lock: Any = field(default_factory=Lock)

    def client(self, service: str, options: AwsOptions | None = None, /) -> Client:
        return Client(self, service, options)

    def manifest(self, asked: Manifest, /) -> Answer:
        return Missing()

    def download(self, url: str, /) -> Answer:
        return Found({"url": url})

    def told(self, operation: str, options: AwsOptions | None) -> dict[str, Any]:
        with self.lock:
            self.calls[operation] += 1
            self.options[operation] = options
        answer = self.answers.get(operation, {})
        if isinstance(answer, ReconcilerError):
            raise answer
        return answer


@dataclass
class Client:
    """A client of one service of it."""

    world: World
    service: str
    options: AwsOptions | None

    def call(self, operation: str, /, **parameters: Any) -> dict[str, Any]:
        return self.world.told(operation, self.options)

    def pages(self, operation: str, /, **parameters: Any) -> Iterable[dict[str, Any]]:
        yield self.world.told(operation, self.options)
        yield self.world.told(operation, self.options)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as made:
        yield made


def place(document: str, path: Path) -> verifying.Spot:
    pointer = "/".join(map(str, path))
    return verifying.Spot(Where(document, 3, 1), pointer, ("env X",)) if document else verifying.Spot()


def run(world: World, pool: ThreadPoolExecutor, *trees: Check, **more: Any) -> tuple[Checked, ...]:
    outside = verifying.Outside(world, world, {"it": lambda: {"a": 1}, "none": _none})
    return verifying.run(trees, outside, pool, place, masker=Masker(("s3cret",)), **more)


def denied(action: str, resource: str, more: str = "") -> AwsError:
    """Give the error of a call that AWS denies in its own words."""
    said = f"User: arn:aws:iam::1:user/u is not authorized to perform: {action} on resource: {resource}{more}"
    service, operation = action.split(":")
    answer = {"Error": {"Code": "AccessDenied", "Message": said}}
    return faults.translate(ClientError(answer, operation), faults.Call(service, operation))


def _none() -> Any:
    raise PlanError("there is none", hint="make one")


def showing(read: Read, *more: Read) -> Check:
    """Make a check that says what it was answered, to what it reads at first and then."""

    def judge(answers: Answers) -> Judged:
        if any(each not in answers for each in more):
            return Needs(more)
        return [Verdict(State.FAILED, repr(answers[each]), "x") for each in (read, *more)]

    return Check(subject="s", reads=(read,), judge=judge)


def said(found: Iterable[Checked]) -> list[str]:
    return [said.what for tree in found for node in tree.all() for said in node.diagnostics]


GET = call("iam", "GetRole", RoleName="a")


@pytest.mark.parametrize("share", [True, False])
def test_equal_reads_are_asked_once(world: World, pool: ThreadPoolExecutor, share: bool) -> None:
    world.answers["GetRole"] = {"Role": {}}
    trees = [
        showing(GET),
        Check(subject="b", children=(showing(GET), showing(call("iam", "GetRole", RoleName="a")))),
    ]
    found = run(world, pool, *trees, share=share)
    assert world.calls == {"GetRole": 1 if share else 3}
    assert set(said(found)) == {repr(Found({"Role": {}}))}


def test_what_is_needed_further_is_asked_then(world: World, pool: ThreadPoolExecutor) -> None:
    counted: list[tuple[int, int]] = []
    asks: list[Read] = [Download("https://x"), Ask("it"), Ask("none"), Manifest("h", "r", "t")]
    found = run(world, pool, showing(GET, *asks), told=lambda done, of: counted.append((done, of)))
    none = Missing("there is none", "make one")
    answers = [Found({}), Found({"url": "https://x"}), Found({"a": 1}), none, Missing()]
    assert said(found) == [repr(answer) for answer in answers]
    assert counted == [(1, 1)]


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (AwsDenied("x", hint="allow iam:GetRole on a to the caller"), Denied("iam:GetRole on a")),
        (AwsDenied("x", hint="a policy denies it", operation="GetRole"), Denied("GetRole")),
        (
            denied("sts:AssumeRole", "arn:aws:iam::1:role/a"),
            Denied("sts:AssumeRole on arn:aws:iam::1:role/a"),
        ),
        (denied("iam:GetRole", "a", " with an explicit deny in a policy"), Denied("iam:GetRole on a")),
        (AwsNotFound("x"), Missing()),
        (AwsRefused("said", code="InvalidSubnetID.Malformed"), Refused("said")),
        (AwsRefused("said", code="ValidationError"), Refused("said")),
        (AwsRefused("said", code="ResourceInUse"), Unanswered("said", "ResourceInUse")),
        (AwsUnreachable("said"), Unanswered("said")),
        (AwsError("said", code="NotSimulatedBySandbox"), Unanswered("said", "NotSimulatedBySandbox")),
    ],
    ids=lambda each: type(each).__name__,
)
def test_an_error_is_an_answer(
    world: World, pool: ThreadPoolExecutor, error: AwsError, answer: Answer
) -> None:
    world.answers["GetRole"] = error
    assert said(run(world, pool, showing(GET))) == [repr(answer)]


def test_without_credentials_nothing_is_known(world: World, pool: ThreadPoolExecutor) -> None:
    world.answers["GetRole"] = AwsCredentials("there are none")
    with pytest.raises(AwsCredentials):
        run(world, pool, showing(GET))


def test_credentials_of_a_role_that_are_not_taken_are_no_end(world: World, pool: ThreadPoolExecutor) -> None:
    given = {"AccessKeyId": "a", "SecretAccessKey": "b", "SessionToken": "c"}
    world.answers |= {"AssumeRole": {"Credentials": given}, "GetSecretValue": AwsCredentials("not taken")}
    asked = call("secretsmanager", "GetSecretValue", role=ROLE, SecretId="x")
    assert said(run(world, pool, showing(assuming(ROLE), asked)))[1:] == [repr(Unanswered("not taken"))]


def test_a_role_is_assumed_once_for_all_that_is_read_as_it(world: World, pool: ThreadPoolExecutor) -> None:
    given = {"AccessKeyId": "a", "SecretAccessKey": "b", "SessionToken": "c"}
    world.answers |= {"AssumeRole": {"Credentials": given}, "GetSecretValue": {}}
    names = ("x", "y")
    trees = [
        showing(
            assuming(ROLE),
            call("secretsmanager", "GetSecretValue", region="us-east-1", role=ROLE, SecretId=name),
        )
        for name in names
    ]
    run(world, pool, *trees)
    assert world.calls == {"AssumeRole": 1, "GetSecretValue": 2}
    assert world.options["AssumeRole"] is None
    options = world.options["GetSecretValue"]
    assert options is not None
    assert (options.region, dict(options.variables)) == (
        "us-east-1",
        {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_SESSION_TOKEN": "c"},
    )


def test_pages_are_gathered(world: World, pool: ThreadPoolExecutor) -> None:
    world.answers["DescribeSubnets"] = {"Subnets": [1]}
    found = run(world, pool, showing(call("ec2", "DescribeSubnets", member="Subnets")))
    assert said(found) == [repr(Found({"Subnets": [1, 1]}))]


def test_a_node_is_as_bad_as_what_is_below_it(world: World, pool: ThreadPoolExecutor) -> None:
    tree = Check(
        subject="all of s3cret",
        children=(
            Check(
                subject="a", document="f", path=("x", 0), judge=settled([passed("with s3cret"), skipped("b")])
            ),
            Check(subject="c", document="f", judge=settled([failed("d", "e", ("y",))])),
            Check(subject="f", judge=settled([])),
        ),
    )
    (found,) = run(world, pool, tree)
    assert [(node.state, node.own) for node in found.all()] == [
        (State.FAILED, None),
        (State.PASSED, State.PASSED),
        (State.FAILED, State.FAILED),
        (State.PASSED, State.PASSED),
    ]
    assert "s3cret" not in repr(found)
    verification = Verification(region="eu-west-1", checked=(found,))
    (failure,) = verification.failures
    assert (failure.subject, failure.what, failure.hint) == ("c", "d", "e")
    assert (failure.where, failure.pointer, failure.origins) == (Where("f", 3, 1), "y", ("env X",))
    assert not verification.passed
    assert verification.counts() == {State.PASSED: 2, State.FAILED: 1, State.WARNED: 0, State.SKIPPED: 0}
