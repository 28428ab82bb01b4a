"""Outputs of stacks and exports: what there is, what is nearly there, and how often is asked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from reconciler.errors import AwsDenied, AwsError, AwsRefused, AwsThrottled
from reconciler.plugin import ConfigError, Denied, Json, NotFound, ResolveError, Source, Unavailable
from reconciler.testing import FakeContext
from reconciler_cloudformation import plugin
from tests.plugins import services

STACK_ARN = "arn:aws:cloudformation:ap-northeast-1:123456789012:stack/network/0f1e2d3c"
OUTPUTS = [
    {"OutputKey": "VpcId", "OutputValue": "vpc-1"},
    {"OutputKey": "SubnetIds", "OutputValue": "subnet-a,subnet-b"},
    {"OutputKey": "SecretArn", "OutputValue": "arn:aws:secretsmanager:…"},
    {"OutputKey": "DbPassword", "OutputValue": "hush-hush"},
]
STACKS: dict[str, dict[str, Any]] = {
    "network": {"StackStatus": "UPDATE_COMPLETE", "Outputs": OUTPUTS},
    STACK_ARN: {"StackStatus": "UPDATE_COMPLETE", "Outputs": OUTPUTS},
    "new": {"StackStatus": "CREATE_IN_PROGRESS"},
}
EXPORTS = [
    {"Exports": [{"Name": "network-vpc", "Value": "vpc-1"}]},
    {"Exports": [{"Name": "team:bucket", "Value": "b"}, {"Name": "api-token", "Value": "hush-hush"}]},
]


def describe(StackName: str) -> dict[str, Any] | AwsError:  # noqa: N803
    match StackName:
        case "forbidden":
            return AwsDenied("not authorized", code="AccessDenied")
        case "busy":
            return AwsThrottled("Rate exceeded", temporary=True)
        case "a b":
            return AwsRefused("1 validation error detected", code="ValidationError")
        case _ if StackName in STACKS:
            return {"Stacks": [{"StackName": "network", **STACKS[StackName]}]}
    return AwsRefused(f"Stack with id {StackName} does not exist", code="ValidationError")


def client(**answers: Any) -> services.Paging:
    stacks = [
        {"StackName": "network", "StackStatus": "UPDATE_COMPLETE"},
        {"StackName": "networks", "StackStatus": "DELETE_COMPLETE"},
    ]
    own: dict[str, Any] = {
        "DescribeStacks": describe,
        "ListExports": {"pages": EXPORTS},
        "ListStacks": {"pages": [{"StackSummaries": stacks}]},
    }
    return services.Paging(own | answers)


@pytest.mark.parametrize(
    ("function", "arguments", "data", "source"),
    [
        ("cfn_output", ["network", "VpcId"], "vpc-1", "stack network"),
        ("cfn_output", [STACK_ARN, "VpcId"], "vpc-1", f"stack {STACK_ARN}"),
        ("cfn_output", ["network", "SubnetIds"], "subnet-a,subnet-b", "stack network"),
        ("cfn_output", ["network", "SecretArn"], "arn:aws:secretsmanager:…", "stack network"),
        ("cfn_export", ["network-vpc"], "vpc-1", "export network-vpc"),
        ("cfn_export", ["team:bucket"], "b", "export team:bucket"),
    ],
)
def test_values(function: str, arguments: list[Json], data: Json, source: str) -> None:
    value = services.lookup(plugin, {"cloudformation": client()}, function, *arguments)
    assert (value.data, value.source, value.sensitive_paths) == (data, Source(source), ())


@pytest.mark.parametrize(
    ("function", "arguments"), [("cfn_output", ["network", "DbPassword"]), ("cfn_export", ["api-token"])]
)
def test_what_is_called_a_secret_is_one(function: str, arguments: list[Json]) -> None:
    assert services.lookup(plugin, {"cloudformation": client()}, function, *arguments).sensitive_paths == (
        (),
    )


@pytest.mark.parametrize(
    ("function", "arguments", "kind", "says"),
    [
        ("cfn_output", ["netwrk", "VpcId"], NotFound, "there is no stack netwrk\n  did you mean network?"),
        ("cfn_output", ["a b", "VpcId"], NotFound, "a b is no stack's name: 1 validation error"),
        ("cfn_output", ["network", "VpcID"], NotFound, "has no output VpcID\n  did you mean VpcId?"),
        ("cfn_output", ["network", "Nothing"], NotFound, "it has VpcId, SubnetIds, SecretArn, DbPassword"),
        ("cfn_output", ["new", "VpcId"], NotFound, "the stack new, which is CREATE_IN_PROGRESS, has no output VpcId"),
        ("cfn_output", ["forbidden", "VpcId"], Denied, "allow cloudformation:DescribeStacks"),
        ("cfn_output", ["busy", "VpcId"], Unavailable, "Rate exceeded"),
        ("cfn_export", ["network-vcp"], NotFound, "did you mean network-vpc?"),
        ("cfn_export", ["else"], NotFound, "there are 3 exports"),
    ],
)  # fmt: skip
def test_errors(function: str, arguments: list[Json], kind: type[ResolveError], says: str) -> None:
    with pytest.raises(kind) as caught:
        services.lookup(plugin, {"cloudformation": client()}, function, *arguments)
    assert says in str(caught.value)
    assert caught.value.address == str(services.address(plugin, function, *arguments))
    assert "hush" not in str(caught.value)


def test_rights_that_one_does_not_have() -> None:
    denied = AwsDenied("no")
    with pytest.raises(Denied, match="allow cloudformation:ListExports"):
        services.lookup(plugin, {"cloudformation": client(ListExports=denied)}, "cfn_export", "network-vpc")
    with pytest.raises(NotFound, match="there is no stack netwrk") as caught:
        services.lookup(
            plugin, {"cloudformation": client(ListStacks=denied)}, "cfn_output", "netwrk", "VpcId"
        )
    assert caught.value.near == ()


def test_a_stack_and_the_exports_are_read_once() -> None:
    fake = client()
    resolver = plugin.open(FakeContext(clients={"cloudformation": fake}), {})
    for function, *arguments in (
        ("cfn_output", "network", "VpcId"),
        ("cfn_output", "network", "SubnetIds"),
        ("cfn_export", "network-vpc"),
        ("cfn_export", "team:bucket"),
    ):
        resolver.lookup(services.address(plugin, function, *arguments))
    assert [name for name, _ in fake.calls] == [
        "DescribeStacks",
        "ListExports",
        *["a page of ListExports"] * 2,
    ]


def test_different_stacks_are_read_side_by_side() -> None:
    both = Barrier(2, timeout=30)

    def slow(StackName: str) -> dict[str, Any]:  # noqa: N803
        both.wait()  # which one alone would do in vain
        return {"Stacks": [{"StackName": StackName, "Outputs": OUTPUTS}]}

    resolver = plugin.open(FakeContext(clients={"cloudformation": client(DescribeStacks=slow)}), {})
    asked = [services.address(plugin, "cfn_output", stack, "VpcId") for stack in ("a", "b")]
    with ThreadPoolExecutor(2) as pool:
        assert [value.data for value in pool.map(resolver.lookup, asked)] == ["vpc-1", "vpc-1"]


@pytest.mark.parametrize(
    ("function", "arguments"), [("cfn_output", ["a", ""]), ("cfn_output", [1, "b"]), ("cfn_export", [""])]
)
def test_arguments_that_are_none(function: str, arguments: list[Json]) -> None:
    with pytest.raises(ConfigError, match="is text"):
        services.address(plugin, function, *arguments)
