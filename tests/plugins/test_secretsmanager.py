"""ARNs of secrets: by name, by a made name, of what is gone or not there."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.errors import AwsDenied, AwsError, AwsNotFound, AwsRefused, AwsThrottled
from reconciler.plugin import ConfigError, Denied, Json, NotFound, ResolveError, Source, Unavailable
from reconciler.testing import FakeAwsClient, FakeContext
from reconciler_secretsmanager import plugin
from tests.plugins import services

ARN = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:"
SECRETS = {"app/token": "AuqBzd", "app/tokens": "xxxxxx", "db": "yyyyyy", "gone": "zzzzzz"}


def describe(SecretId: str) -> dict[str, Any] | AwsError:  # noqa: N803
    name = SecretId.removeprefix(ARN)
    match name:
        case "forbidden":
            return AwsDenied("not authorized", code="AccessDeniedException")
        case "a b":
            return AwsRefused("Invalid name", code="ValidationException")
        case "busy":
            return AwsThrottled("slow down", temporary=True)
    for known, suffix in SECRETS.items():
        if name in (known, f"{known}-{suffix}"):
            gone = {"DeletedDate": 1.0} if known == "gone" else {}
            return {"ARN": f"{ARN}{known}-{suffix}", "Name": known, **gone}
    return AwsNotFound("can't find", code="ResourceNotFoundException")


def listed(MaxResults: int, Filters: list[dict[str, Any]] | None = None) -> dict[str, Any]:  # noqa: N803
    assert MaxResults == 100
    (folder,) = Filters[0]["Values"] if Filters else ("",)
    return {"SecretList": [{"Name": name} for name in SECRETS if name.startswith(folder)]}


def client(**answers: Any) -> dict[str, FakeAwsClient]:
    return {"secretsmanager": FakeAwsClient({"DescribeSecret": describe, "ListSecrets": listed} | answers)}


@pytest.mark.parametrize(
    ("function", "arguments", "name"),
    [
        ("secretsmanager_arn", ["app/token"], "app/token"),
        ("secretsmanager_arn", [" db "], "db"),
        ("secretsmanager_arn", [f"{ARN}app/token"], "app/token"),
        ("secretsmanager_arnf", ["%s/token", "app"], "app/token"),
    ],
)
def test_the_whole_arn(function: str, arguments: list[Json], name: str) -> None:
    value = services.lookup(plugin, client(), function, *arguments)
    assert value.data == f"{ARN}{name}-{SECRETS[name]}"
    assert value.source == Source(name)
    assert value.sensitive_paths == (), "an ARN is no secret"


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("app/tokn", NotFound, "there is no secret app/tokn\n  did you mean app/token, app/tokens?"),
        ("gone", NotFound, "restore-secret --secret-id gone"),
        ("a b", NotFound, "a b is no secret's name: Invalid name"),
        ("forbidden", Denied, "allow secretsmanager:DescribeSecret"),
        ("busy", Unavailable, "slow down"),
    ],
)
def test_errors(name: str, kind: type[ResolveError], says: str) -> None:
    with pytest.raises(kind) as caught:
        services.lookup(plugin, client(), "secretsmanager_arn", name)
    assert says in str(caught.value)
    assert caught.value.address == f"x {name}"


def test_near_misses_take_a_right_that_one_may_not_have() -> None:
    with pytest.raises(NotFound) as caught:
        services.lookup(plugin, client(ListSecrets=AwsDenied("no")), "secretsmanager_arn", "app/tokn")
    assert caught.value.near == ()


@pytest.mark.parametrize("arguments", [[""], [7], [None]])
def test_arguments_that_are_none(arguments: list[Json]) -> None:
    with pytest.raises(ConfigError, match="the name of a secret is text"):
        services.address(plugin, "secretsmanager_arn", *arguments)


def test_a_secret_is_described_once() -> None:
    clients = client()
    resolver = plugin.open(FakeContext(clients=clients), {})
    for _ in range(2):
        resolver.lookup(services.address(plugin, "secretsmanager_arn", "db"))
    assert len(clients["secretsmanager"].calls) == 1
