"""Our resolvers pass the kit that authors of others are given, and the kit catches what breaks its rules."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

import reconciler_caller_identity
import reconciler_cloudformation
import reconciler_ecr
import reconciler_env
import reconciler_external
import reconciler_s3
import reconciler_secretsmanager
import reconciler_ssm
import reconciler_tfstate
from reconciler.core.values import Value
from reconciler.errors import AwsError, AwsNotFound, AwsRefused
from reconciler.plugin import Address, Config, Context, NotFound, Resolver, ResolverPlugin
from reconciler.resolve import entrypoints
from reconciler.testing import FakeAwsClient, FakeContext, check_resolver

STATES = Path(__file__).parents[2] / "fixtures" / "tfstate"
PARAMETER = {"Name": "/a", "Type": "SecureString", "Value": "x", "Version": 1}


def get_parameters(**parameters: object) -> dict[str, object]:
    names = parameters["Names"]
    assert isinstance(names, list)
    invalid = [name for name in names if name != "/a"]
    return {"Parameters": [PARAMETER] * ("/a" in names), "InvalidParameters": invalid}


def found_or(missing: AwsError, name: str, **answer: object) -> Callable[..., dict[str, object] | AwsError]:
    """Answer a call whose parameters hold a name, and refuse another one."""
    return lambda **asked: answer if name in json.dumps(asked) else missing


CLIENTS = {
    "ssm": FakeAwsClient({"GetParameters": get_parameters}),
    "secretsmanager": FakeAwsClient(
        {
            "DescribeSecret": found_or(AwsNotFound("none"), "app/token", ARN="arn:aws:secretsmanager:…"),
            "ListSecrets": {},
        }
    ),
    "cloudformation": FakeAwsClient(
        {
            "DescribeStacks": {"Stacks": [{"Outputs": [{"OutputKey": "VpcId", "OutputValue": "vpc-1"}]}]},
            "ListExports": {"Exports": [{"Name": "vpc", "Value": "vpc-1"}]},
        }
    ),
    "ecr": FakeAwsClient(
        {
            "DescribeImages": found_or(
                AwsRefused("none", code="ImageNotFoundException"),
                '"1.0"',
                imageDetails=[{"imageDigest": f"sha256:{0:064}"}],
            ),
            "DescribeRepositories": {"repositories": [{"repositoryUri": "registry/app"}]},
        }
    ),
    "s3": FakeAwsClient(
        {
            "GetObject": found_or(
                AwsNotFound("none", code="NoSuchKey"), "app.json", Body=b'{"password": "x"}'
            ),
            "ListObjectsV2": {},
        }
    ),
    "sts": FakeAwsClient({"GetCallerIdentity": {"Account": "1", "Arn": "arn", "UserId": "u"}}),
}
CONTEXT = FakeContext(STATES, {"SET": "value", "PATH": "/usr/bin:/bin"}, CLIENTS)
PRINTS: Config = {"name": "prints", "command": ["echo"]}


@pytest.mark.parametrize(
    ("plugin", "config", "present", "absent"),
    [
        (reconciler_env.plugin, {}, "SET", "UNSET"),
        (reconciler_ssm.plugin, {}, "/a", "/b"),
        (reconciler_secretsmanager.plugin, {}, "app/token", "app/other"),
        (reconciler_cloudformation.plugin, {}, "network.VpcId", "network.SubnetIds"),
        (reconciler_cloudformation.plugin, {}, "export:vpc", "export:subnet"),
        (reconciler_ecr.plugin, {}, "app:1.0", "app:1.1"),
        (reconciler_ecr.plugin, {}, "digest app:1.0", "digest app:1.1"),
        (reconciler_s3.plugin, {}, "json s3://b/app.json", "s3://b/app.txt"),
        (reconciler_caller_identity.plugin, {}, "*", "Name"),
        (reconciler_external.plugin, PRINTS, "'{\"password\": 1}'", "''"),
        (reconciler_tfstate.plugin, {"path": "aws.tfstate"}, "aws_db_instance.main", "aws_instance.none.id"),
        (reconciler_tfstate.plugin, {"path": "odd.tfstate"}, 'terraform_data.keyed["a.b"]', "output.none"),
    ],
)
def test_ours(plugin: ResolverPlugin, config: Config, present: str, absent: str) -> None:
    check_resolver(plugin, config, CONTEXT, Address("x", present), Address("x", absent))


class Good:
    """A resolver of one address, `a`."""

    def lookup(self, address: Address, /) -> Value:
        if address.path != "a":
            raise NotFound("nothing there")
        return Value("value")


class Moody(Good):
    count = 0

    def lookup(self, address: Address, /) -> Value:
        Moody.count += 1
        return Value(Moody.count) if address.path == "a" else super().lookup(address)


class Careless(Good):
    def lookup(self, address: Address, /) -> Value:
        return Value(None)


class Silent(Good):
    def lookup_many(self, addresses: Sequence[Address], /) -> Mapping[Address, Value | NotFound]:
        return {address: Value("other") for address in addresses}


class Forgetful(Good):
    def addresses(self, prefix: str, /) -> list[str]:
        return []


class Misleading(Good):
    def lookup(self, address: Address, /) -> Value:
        return Value({}, (("password",),)) if address.path == "a" else super().lookup(address)


def greedy(context: Context, _config: Config) -> Resolver:
    context.client("s3")
    return Good()


def opening(resolver: type[Good]) -> Callable[[Context, Config], Resolver]:
    return lambda _context, _config: resolver()


@pytest.mark.parametrize(
    ("plugin", "says"),
    [
        (ResolverPlugin(open=opening(Good)), None),
        (ResolverPlugin(open=opening(Moody)), "another answer"),
        (ResolverPlugin(open=opening(Careless)), "gives a value for the absent address"),
        (ResolverPlugin(open=opening(Silent)), "lookup_many and lookup give different values"),
        (ResolverPlugin(open=opening(Forgetful)), "does not list the present one"),
        (ResolverPlugin(open=opening(Misleading)), "password"),
        (ResolverPlugin(open=greedy), "put it off until the first lookup"),
        (ResolverPlugin(open=opening(Good), actions=lambda _config: ["everything"]), "no IAM action"),
        (ResolverPlugin(open=opening(Good), functions={"f": len}), "gives a int as path"),  # type: ignore[dict-item]
        (ResolverPlugin(open=opening(Good), api=2), "made for API 2"),
    ],
)
def test_the_kit(plugin: ResolverPlugin, says: str | None) -> None:
    a, b = Address("x", "a"), Address("x", "b")
    if says is None:
        check_resolver(plugin, {}, FakeContext(), a, b)
        return
    with pytest.raises((AssertionError, KeyError), match=says):
        check_resolver(plugin, {}, FakeContext(), a, b)


def test_the_manual_names_every_function_and_every_action() -> None:
    manual = (STATES.parents[1] / "docs" / "resolvers.md").read_text()
    ours = {
        name: each
        for name, each in entrypoints.discover().items()
        if each.value == f"reconciler_{name}:plugin"
    }
    assert len(ours) >= 10
    for name, entry in ours.items():
        loaded = entry.load()
        assert isinstance(loaded, ResolverPlugin)
        assert f"| `{name}` |" in manual
        missing = {function for function in loaded.functions if f"`{function}" not in manual}
        if name != "tfstate":  # its actions depend on where the state is
            missing |= {action for action in loaded.actions({}) if f"`{action}`" not in manual}
        assert missing == set(), name
