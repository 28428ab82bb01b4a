"""The environment: the peer's rules, paths that hold any text, and which values are secrets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reconciler_env
from reconciler.core.redaction import MASK, Masker
from reconciler.core.references import Function
from reconciler.core.values import Address, Value
from reconciler.errors import ConfigError, NotFound
from reconciler.testing import FakeContext

ENVIRON = {"ENV": "prod", "EMPTY": "", "DB_PASSWORD": "hush", "api_token": "hush", "SIGNING_KEY": "hush"}


def lookup(function: str, *arguments: str) -> Value:
    """Call a function as a template does."""
    resolver = reconciler_env.plugin.open(FakeContext(environ=ENVIRON), {})
    called = Function.of(function, "env", reconciler_env.plugin.functions[function])
    assert called.takes(len(arguments))
    return resolver.lookup(called.address(list(arguments)))


@pytest.mark.parametrize(
    ("arguments", "text", "source"),
    [
        (["ENV"], "prod", "environment"),
        (["ENV", "dev"], "prod", "environment"),
        (["NONE", "dev"], "dev", "default"),
        (["EMPTY", "dev"], "dev", "default"),
        (["NONE"], "NONE", "default"),
        (["EMPTY"], "EMPTY", "default"),
        (["NONE", ""], "", "default"),
        (["NONE", "ENV"], "prod", "environment"),
        (["NONE", "EMPTY", "ENV", "x"], "prod", "environment"),
    ],
)
def test_env(arguments: list[str], text: str, source: str) -> None:
    value = lookup("env", *arguments)
    assert value.data == text
    assert value.source is not None
    assert value.source.name == source


@pytest.mark.parametrize(
    ("arguments", "label"),
    [
        (["ENV", "dev"], "ENV"),
        (["NONE", "ENV", "dev"], "ENV"),
        (["NONE", "dev"], "NONE, default"),
        (["NONE", "EMPTY", "dev"], "NONE, EMPTY, default"),
    ],
)
def test_the_label_tells_which_variable_was_set(arguments: list[str], label: str) -> None:
    source = lookup("env", *arguments).source
    assert source is not None
    assert source.label == label


def test_must_env() -> None:
    assert lookup("must_env", "ENV").data == "prod"
    assert lookup("must_env", "EMPTY").data == ""
    with pytest.raises(NotFound) as caught:
        lookup("must_env", "DB_PASSWRD")
    assert caught.value.near == ("DB_PASSWORD",)
    assert "export DB_PASSWRD=…" in str(caught.value)
    assert "--envfile" in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("function", "arguments", "secret"),
    [
        ("must_env", ["DB_PASSWORD"], True),
        ("must_env", ["api_token"], True),
        ("env", ["SIGNING_KEY", "x"], True),
        ("env", ["NO_SECRET", "changeme"], True),
        ("env", ["NO_SECRET", ""], False),
        ("env", ["NO_SECRET"], False),
        ("env", ["ENV", "NO_SECRET"], False),
    ],
)
def test_secrets(function: str, arguments: list[str], secret: bool) -> None:
    assert lookup(function, *arguments).sensitive_paths == (((),) if secret else ())


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        *((name, True) for name in ("MY_PASSWORD_2", "SecretThing", "TOKENS", "AWS_CREDENTIALS", "API_KEY")),
        *(
            (name, True)
            for name in ("DB_PASSWD", "APIKEY", "MAPS_APIKEY", "SSH_PASSPHRASE", "DB_PASS", "db_pwd")
        ),
        *(
            (name, False)
            for name in ("KEYBOARD", "MONKEY", "ENV", "API_KEY_ID", "BYPASS", "PWD", "COMPASS_URL")
        ),
    ],
)
def test_names_of_secrets(name: str, secret: bool) -> None:
    """What a variable's name says here is what it says everywhere else: the plan masks by the same list."""
    resolver = reconciler_env.plugin.open(FakeContext(environ={name: "hush"}), {})
    found = resolver.lookup(Address("env", reconciler_env.must_env(name)))
    assert found.sensitive_paths == (((),) if secret else ())
    assert (Masker().value({name: "hush"}) == {name: MASK}) is secret


pieces = st.text() | st.text(r"\:-a", max_size=8)


@given(st.lists(pieces, min_size=2, max_size=4))
def test_any_arguments_round_trip(arguments: list[str]) -> None:
    assert reconciler_env.decode(reconciler_env.env(*arguments)) == arguments


@given(pieces)
def test_one_argument(name: str) -> None:
    assert reconciler_env.decode(reconciler_env.must_env(name)) == [name]
    assert reconciler_env.decode(reconciler_env.env(name)) == [name, name]


def test_notation() -> None:
    assert reconciler_env.env("AZ", "c") == "AZ:-c"
    assert reconciler_env.env("AZ") == "AZ:-AZ"
    assert reconciler_env.must_env("AZ") == "AZ"


def test_what_is_no_text() -> None:
    with pytest.raises(ConfigError, match="quote it"):
        reconciler_env.env("PORT", 80)
    with pytest.raises(ConfigError, match="no setting 'x'"):
        reconciler_env.plugin.open(FakeContext(), {"x": 1})
