"""Whose credentials a run has."""

from __future__ import annotations

import pytest

from reconciler.errors import AwsCredentials
from reconciler.plugin import ConfigError, Denied, Json
from reconciler.testing import FakeAwsClient, FakeContext
from reconciler_caller_identity import plugin
from tests.plugins import services

IDENTITY = {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/a", "UserId": "AIDAEXAMPLE"}


@pytest.mark.parametrize(
    ("arguments", "data"),
    [
        ([], IDENTITY),
        ([""], IDENTITY),
        ([None], IDENTITY),
        (["account"], IDENTITY["Account"]),
        (["Arn"], IDENTITY["Arn"]),
        (["user_id"], IDENTITY["UserId"]),
    ],
)
def test_values(arguments: list[Json], data: Json) -> None:
    clients = {"sts": FakeAwsClient({"GetCallerIdentity": IDENTITY})}
    assert services.lookup(plugin, clients, "caller_identity", *arguments).data == data


def test_one_call_is_enough() -> None:
    client = FakeAwsClient({"GetCallerIdentity": IDENTITY})
    resolver = plugin.open(FakeContext(clients={"sts": client}), {})
    for member in ("account", "arn", None):
        resolver.lookup(services.address(plugin, "caller_identity", member))
    assert len(client.calls) == 1


@pytest.mark.parametrize(
    ("member", "says"), [("acount", "did you mean Account?"), (3, "it has Account, Arn, UserId")]
)
def test_members_that_are_none(member: Json, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        services.address(plugin, "caller_identity", member)
    assert says in str(caught.value)


def test_nobody() -> None:
    clients = {"sts": FakeAwsClient({"GetCallerIdentity": AwsCredentials("no credentials", hint="log in")})}
    with pytest.raises(Denied, match="no credentials\n  try: log in"):
        services.lookup(plugin, clients, "caller_identity")
