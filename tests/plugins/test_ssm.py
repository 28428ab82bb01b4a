"""The Parameter Store: batches, versions, labels, ARNs, lists, and calls that are refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from reconciler.core.references import Function
from reconciler.core.values import Address, Json, Source, Value
from reconciler.errors import (
    AwsCredentials,
    AwsDenied,
    AwsError,
    AwsRefused,
    AwsThrottled,
    ConfigError,
    Denied,
    NotFound,
    ResolveError,
    Unavailable,
)
from reconciler.plugin import BatchResolver
from reconciler.testing import FakeAwsClient, FakeContext
from reconciler_ssm import plugin

ARN = "arn:aws:ssm:ap-northeast-1:123456789012:parameter"
VERSIONS: dict[str, list[tuple[str, str]]] = {
    "/app/url": [("String", "http://1"), ("String", "http://2"), ("String", "http://3")],
    "/app/password": [("SecureString", "hush")],
    "/app/subnets": [("StringList", "subnet-a,subnet-b")],
    "plain": [("String", "p")],
    **{f"/many/{number}": [("String", str(number))] for number in range(25)},
}
LABELS = {"/app/url:blue": 2}
FORBIDDEN = {"/app/forbidden"}


def get_parameters(Names: list[str], WithDecryption: bool) -> dict[str, Any] | AwsError:  # noqa: N803
    """Answer as the service does: in alphabetical order, refusing a call for one bad name."""
    assert WithDecryption
    assert 1 <= len(Names) == len(set(Names)) <= 10
    if FORBIDDEN & set(Names):
        return AwsDenied("not authorized", code="AccessDeniedException")
    if any("[" in name for name in Names):
        return AwsRefused("Invalid parameter name", code="ValidationException")
    found, invalid = [], []
    for name in Names:
        local = name.removeprefix(ARN) if name.startswith(ARN) else name
        base, colon, selector = local.partition(":")
        versions = VERSIONS.get(base) or VERSIONS.get(base.removeprefix("/"), [])
        version = LABELS.get(local) or (int(selector) if selector else len(versions))
        if not versions or version > len(versions):
            invalid.append(name)
            continue
        kind, value = versions[version - 1]
        real = base if base in VERSIONS else base.removeprefix("/")
        body = {
            "Name": real,
            "Type": kind,
            "Value": value,
            "Version": version,
            "ARN": f"{ARN}/{real.lstrip('/')}",
        }
        found.append(body | ({"Selector": colon + selector} if selector else {}))
    return {"Parameters": sorted(found, key=lambda body: body["Name"]), "InvalidParameters": invalid}


def service() -> tuple[FakeContext, FakeAwsClient]:
    client = FakeAwsClient({"GetParameters": get_parameters})
    return FakeContext(clients={"ssm": client}), client


def address(function: str, *arguments: Json) -> Address:
    """Make an address as a template does."""
    called = Function.of(function, "ssm", plugin.functions[function])
    assert called.takes(len(arguments))
    return called.address(arguments)


def lookup(function: str, *arguments: Json) -> Value:
    return plugin.open(service()[0], {}).lookup(address(function, *arguments))


@pytest.mark.parametrize(
    ("function", "arguments", "data", "source"),
    [
        ("ssm", ["/app/url"], "http://3", Source("/app/url", version="3")),
        ("ssm", [" /app/url "], "http://3", Source("/app/url", version="3")),
        ("ssm", ["/app/url:1"], "http://1", Source("/app/url", version="1")),
        ("ssm", ["/app/url:blue"], "http://2", Source("/app/url", version="2")),
        ("ssm", [f"{ARN}/app/url"], "http://3", Source("/app/url", version="3")),
        ("ssm", [f"{ARN}/app/url:1"], "http://1", Source("/app/url", version="1")),
        ("ssm", [f"{ARN}/plain"], "p", Source("plain", version="1")),
        ("ssm", ["/app/subnets", 0], "subnet-a", Source("/app/subnets", version="1")),
        ("ssm", ["/app/subnets", 1.0], "subnet-b", Source("/app/subnets", version="1")),
        ("ssm_list", ["/app/subnets", 1], "subnet-b", Source("/app/subnets", version="1")),
        ("ssm_list", ["/app/subnets"], ["subnet-a", "subnet-b"], Source("/app/subnets", version="1")),
    ],
)
def test_values(function: str, arguments: list[Json], data: Json, source: Source) -> None:
    assert lookup(function, *arguments) == Value(data, source=source)


def test_secure_strings_are_sensitive() -> None:
    assert lookup("ssm", "/app/password").sensitive_paths == ((),)


@pytest.mark.parametrize(
    ("function", "arguments", "kind", "says"),
    [
        ("ssm", ["/app/none"], NotFound, "check the name with its leading slash"),
        ("ssm", ["/app/url:9"], NotFound, "there is no parameter /app/url:9"),
        ("ssm", ["/app/subnets", 2], NotFound, "has no element 2: it is a list of 2"),
        ("ssm", ["/app/subnets"], NotFound, "an index picks one element"),
        ("ssm", ["/app/url", 0], NotFound, "is a String, which has no elements"),
        ("ssm_list", ["/app/password"], NotFound, "is a SecureString, which has no elements"),
        ("ssm", ["/app/x[y"], NotFound, "is no parameter's name"),
        ("ssm", ["/app/forbidden"], Denied, "ssm:GetParameters on its ARN, and kms:Decrypt"),
    ],
)
def test_errors(function: str, arguments: list[Json], kind: type[ResolveError], says: str) -> None:
    with pytest.raises(kind) as caught:
        lookup(function, *arguments)
    assert says in str(caught.value)
    assert caught.value.address == str(address(function, *arguments))
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("arguments", [["/a", -1], ["/a", "x"], ["/a", True], ["", 0], [3]])
def test_arguments_that_are_none(arguments: list[Json]) -> None:
    with pytest.raises(ConfigError):
        address("ssm", *arguments)


def test_jsonnet_gives_ssm_list_a_name_and_an_index() -> None:
    assert Function.of("ssm_list", "ssm", plugin.functions["ssm_list"]).parameters == ("name", "index")
    with pytest.raises(ConfigError, match="at most one index"):
        plugin.functions["ssm_list"]("/a", 0, 1)


def many(names: Sequence[str]) -> tuple[dict[str, Value | ResolveError], FakeAwsClient]:
    """Look names up at once."""
    context, client = service()
    resolver = plugin.open(context, {})
    assert isinstance(resolver, BatchResolver)
    answers = resolver.lookup_many([address("ssm", name) for name in names])
    return {where.path: answer for where, answer in answers.items()}, client


def test_ten_a_call() -> None:
    answers, client = many([f"/many/{number}" for number in range(25)])
    assert [len(parameters["Names"]) for _, parameters in client.calls] == [10, 10, 5]
    assert [answer.data for answer in answers.values() if isinstance(answer, Value)] == [*map(str, range(25))]


def test_versions_of_one_parameter_at_once() -> None:
    answers, client = many(["/app/url", "/app/url:1", "/app/url:blue", f"{ARN}/app/url:2", "/app/url:9"])
    assert [getattr(answer, "data", None) for answer in answers.values()] == [
        "http://3", "http://1", "http://2", "http://2", None,
    ]  # fmt: skip
    assert len(client.calls) == 1


def test_versions_of_one_parameter_from_a_service_that_leaves_selectors_out() -> None:
    def forgetful(**parameters: Any) -> dict[str, Any] | AwsError:
        answer = get_parameters(**parameters)
        assert isinstance(answer, dict)
        for body in answer["Parameters"]:
            body.pop("Selector", None)
        return answer

    context = FakeContext(clients={"ssm": FakeAwsClient({"GetParameters": forgetful})})
    resolver = plugin.open(context, {})
    assert isinstance(resolver, BatchResolver)
    names = ["/app/url", "/app/url:1", "/app/password", "plain:1", f"{ARN}/plain", "plain"]
    answers = resolver.lookup_many([address("ssm", name) for name in names])
    assert [getattr(answer, "data", None) for answer in answers.values()] == [
        "http://3", "http://1", "hush", "p", "p", "p",
    ]  # fmt: skip


def test_indices_of_one_list_are_one_parameter() -> None:
    context, client = service()
    resolver = plugin.open(context, {})
    assert [resolver.lookup(address("ssm", "/app/subnets", index)).data for index in (0, 1)] == [
        "subnet-a", "subnet-b",
    ]  # fmt: skip
    assert len(client.calls) == 1


@pytest.mark.parametrize(("bad", "kind"), [("/app/forbidden", Denied), ("/app/x[y", NotFound)])
def test_one_refused_name_does_not_fail_the_rest(bad: str, kind: type[ResolveError]) -> None:
    answers, client = many(["/app/url", bad, "/app/none"])
    assert isinstance(answers["/app/url"], Value)
    assert isinstance(answers[bad], kind)
    assert isinstance(answers["/app/none"], NotFound)
    assert len(client.calls) == 4


@pytest.mark.parametrize(
    ("error", "kind", "retry_after"),
    [
        (AwsThrottled("slow down", temporary=True), Unavailable, 1.0),
        (AwsCredentials("the token has expired"), Denied, None),
        (AwsRefused("the key is disabled", code="InvalidKeyId"), Unavailable, None),
    ],
)
def test_other_faults(error: AwsError, kind: type[ResolveError], retry_after: float | None) -> None:
    failing = [error, *[error] * 2]
    client = FakeAwsClient({"GetParameters": lambda **_: failing.pop() if failing else {"Parameters": []}})
    resolver = plugin.open(FakeContext(clients={"ssm": client}), {})
    with pytest.raises(kind, match=error.what) as caught:
        resolver.lookup(address("ssm", "/app/url"))
    assert getattr(caught.value, "retry_after", None) == retry_after
    with pytest.raises(kind):
        resolver.lookup(address("ssm", "/app/url"))
    assert len(client.calls) == (2 if retry_after else 1), "what may pass is asked again, nothing else is"
