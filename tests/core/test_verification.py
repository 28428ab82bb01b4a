"""What is checked of a project, and what is made of the answers."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core import pointers
from reconciler.core.verification import images, reads, trees, trusts
from reconciler.core.verification.checks import Check, Judged, Needs, State, Verdict
from reconciler.core.verification.reads import Answer, Call, Denied, Found, Missing, Read, Refused, Unanswered
from reconciler.core.verification.scenes import Scene
from reconciler.core.verification.trusts import Caller, Trust
from tests import tables

FIXTURES = Path(__file__).parents[2] / "fixtures" / "verification"


def table(name: str) -> Any:
    return tables.read(FIXTURES / name)


WORLD: dict[str, Any] = table("world.yml")
CASES: list[dict[str, Any]] = table("cases.yml")
TRUSTS: list[dict[str, Any]] = table("trusts.yml")
CALLER = Caller("ecs-tasks.amazonaws.com", "123456789012", "eu-west-1")


def words(read: Read) -> str:
    """Write a read, so that entries of the table can name it."""
    match read:
        case Call():
            return f"{read.service} {read.operation} {read.region} {read.text}"
        case _:
            return f"{type(read).__name__} {read!r}"


def answer(given: Any) -> Answer:
    """Read an answer of the table: an object, or a word for the kind of answer and what it says."""
    if isinstance(given, dict):
        return Found(given)
    kind, _, rest = given.partition(" ")
    code, bracket, said = rest[1:].partition("] ") if rest.startswith("[") else ("", "", "")
    kinds: dict[str, Answer] = {
        "missing": Missing(rest),
        "denied": Denied(rest),
        "refused": Refused(rest),
        "unanswered": Unanswered(said, code) if bracket else Unanswered(rest),
    }
    return kinds[kind]


def answered(read: Read, entries: list[tuple[str, Any]]) -> Answer:
    text = words(read)
    found = [given for key, given in entries if all(word in text for word in key.split())]
    assert found, f"the table has no answer for {text}"
    return answer(found[0])


def asked(check: Check, entries: list[tuple[str, Any]]) -> tuple[dict[Read, Answer], list[Verdict]]:
    """Ask the table for what a check needs, until it is judged; give what was read, and the verdicts."""
    known: dict[Read, Answer] = {read: answered(read, entries) for read in check.reads}
    if check.judge is None:
        return known, []
    while isinstance(verdicts := check.judge(known), Needs):
        assert not known.keys() >= set(verdicts.reads)
        known |= {read: answered(read, entries) for read in verdicts.reads}
    return known, list(verdicts)


def entries_of(case: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [*case.get("answers", {}).items(), *(pair for row in WORLD["answers"] for pair in row.items())]


def scene(changes: Mapping[str, Any]) -> Scene:
    body = copy.deepcopy(WORLD["scene"])
    for pointer, value in changes.items():
        *path, name = [int(key) if key.isdigit() else key for key in pointer[1:].split("/")]
        inside: Any = pointers.get(body, tuple(path))
        if value is None:
            del inside[name]
        else:
            inside[name] = value
    return Scene(**body | {"hooks": tuple(body.get("hooks", ()))})


def tree(of: Scene, name: str) -> Check:
    if name == "task":
        return trees.task_definition(of)
    return trees.service(of, "web") if name == "service" else trees.express(of, "web")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_case(case: dict[str, Any]) -> None:
    entries = entries_of(case)
    checks = tree(scene(case.get("set", {})), case["tree"]).all()
    said = [
        (verdict.state.value, check.subject, verdict)
        for check in checks
        for verdict in asked(check, entries)[1]
        if verdict.state is not State.PASSED and [verdict.state.value, check.subject] not in WORLD["always"]
    ]
    assert [(state, subject) for state, subject, _ in said] == [
        (state, subject) for state, subject, *_ in case["says"]
    ], said
    for (state, _, verdict), (_, _, *words) in zip(said, case["says"], strict=True):
        assert ", ".join(words) in verdict.what, verdict
        assert verdict.hint or state == "skipped"
        assert not verdict.what.endswith(".")


def test_every_answer_of_the_table_is_asked_for() -> None:
    """Else a check that reads nothing any more would pass unseen."""
    read = {
        words(each)
        for case in CASES
        for check in tree(scene(case.get("set", {})), case["tree"]).all()
        for each in asked(check, entries_of(case))[0]
    }
    keys = [key for row in WORLD["answers"] for key in row]
    assert [key for key in keys if not any(all(w in text for w in key.split()) for text in read)] == []


def test_nothing_is_written_unless_it_is_asked_for() -> None:
    reading = ("Describe", "Get", "BatchGet", "Head", "List", "AssumeRole")
    for put_logs in (False, True):
        of = scene({"/put_logs": put_logs})
        called = {
            read.operation
            for check in (*tree(of, "task").all(), *tree(of, "service").all())
            for read in asked(check, entries_of({}))[0]
            if isinstance(read, Call)
        }
        writes = {operation for operation in called if not operation.startswith(reading)}
        assert writes == ({"CreateLogStream", "PutLogEvents"} if put_logs else set())


@pytest.mark.parametrize("row", TRUSTS, ids=lambda row: row["name"])
def test_a_trust_policy(row: dict[str, Any]) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": row.get("principal", {"Service": CALLER.principal}),
        "Action": row.get("action", "sts:AssumeRole"),
    }
    statement |= {"Condition": row["condition"]} if "condition" in row else {}
    policy: Any = row.get("policy", {"Version": "2012-10-17", "Statement": [statement]})
    found = trusts.judge(policy, CALLER)
    assert found.trust.value == row["trust"]
    assert row.get("why", "") in found.why
    # The text of a policy, and a policy with its statements the other way round, are the same policy.
    if isinstance(policy, dict):
        assert trusts.judge(json.dumps(policy), CALLER) == found
    if isinstance(policy, dict) and isinstance(policy["Statement"], list):
        assert trusts.judge({"Statement": policy["Statement"][::-1]}, CALLER).trust is found.trust


@pytest.mark.parametrize("row", TRUSTS, ids=lambda row: row["name"])
def test_a_deny_to_everyone_outdoes_whatever_is_allowed(row: dict[str, Any]) -> None:
    policy = row.get("policy")
    statements = policy["Statement"] if isinstance(policy, dict) else []
    held = statements if isinstance(statements, list) else [statements]
    denying = {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}
    assert trusts.judge({"Statement": [*held, denying]}, CALLER).trust is Trust.NO


@pytest.mark.parametrize(("text", "parts"), list(table("images.yml").items()))
def test_a_reference_to_an_image(text: str, parts: list[str] | None) -> None:
    found = images.parse(text)
    assert (None if found is None else [found.host, found.repository, found.reference]) == parts


def test_equal_calls_are_one() -> None:
    one = reads.call("iam", "GetRole", RoleName="a", Other={"b": 1, "a": 2})
    assert one == reads.call("iam", "GetRole", Other={"a": 2, "b": 1}, RoleName="a")
    assert one.parameters == {"RoleName": "a", "Other": {"a": 2, "b": 1}}
    assert one != reads.call("iam", "GetRole", region="eu-west-1", RoleName="a", Other={"b": 1, "a": 2})


NAMES = [
    "Role", "AssumeRolePolicyDocument", "Statement", "Credentials", "Parameters", "InvalidParameters", "SecretString",
    "logGroups", "images", "imageManifest", "manifest", "config", "manifests", "platform", "FileSystems",
    "AccessPoints", "MountTargets", "clusters", "status", "capacityProviders", "Subnets", "VpcId", "SecurityGroups",
    "TargetGroups", "LoadBalancerArns", "Rules", "Actions", "Namespaces", "Service", "DnsConfig", "DnsRecords",
    "MetricAlarms", "Quota", "Value", "UsageMetric", "Datapoints", "Maximum", "KeyMetadata", "downloadUrl",
]  # fmt: skip
ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 300) | st.text(max_size=6) | st.just("{}"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=10,
)
BODIES = st.dictionaries(st.sampled_from(NAMES), ODD, max_size=5)
CHECKS = [
    check
    for changes in ({}, {"/put_logs": True}, {"/get_secrets": False})
    for name in ("task", "service")
    for check in tree(scene(changes), name).all()
    if check.judge is not None
]


@settings(max_examples=40)
@given(
    st.lists(
        BODIES.map(Found) | st.sampled_from([Missing(), Denied("x"), Refused("x"), Unanswered("x")]),
        min_size=4,
    )
)
def test_no_answer_is_too_odd(answers: list[Answer]) -> None:
    for number, check in enumerate(CHECKS):
        assert check.judge is not None
        known: dict[Read, Answer] = {}
        found: Judged = Needs(check.reads)
        while isinstance(found, Needs):
            assert len(known) < 8
            known |= {
                read: answers[(number + place) % len(answers)] for place, read in enumerate(found.reads)
            }
            found = check.judge(known)
