"""Commands: what they are given, what is made of what they print, and how they may fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.references import Function
from reconciler.plugin import (
    Config,
    ConfigError,
    Denied,
    Json,
    NotFound,
    ResolveError,
    Source,
    Unavailable,
    Value,
)
from reconciler.testing import FakeContext
from reconciler_external import commands, configs, plugin
from tests.plugins import services

ENVIRON = {"PATH": "/usr/local/bin:/usr/bin:/bin", "STAGE": "prod"}


def shell(script: str, **more: Json) -> dict[str, Json]:
    """Configure a script of the shell."""
    return {"name": "say", "command": ["sh", "-c", script, "say"], **more}


def lookup(config: Config, *arguments: Json, root: Path = Path()) -> Value:
    resolver = plugin.open(FakeContext(root, ENVIRON), config)
    return resolver.lookup(services.address(plugin, str(config["name"]), *arguments, config=config))


@pytest.mark.parametrize(
    ("config", "arguments", "data"),
    [
        (shell("""echo '{"Now": {"a": [1, 2.5, null]}}'"""), [], {"Now": {"a": [1, 2.5, None]}}),
        (shell('echo "[$#]"'), [], [0]),
        (shell('echo "[$#]"'), ["a b", "", "'$HOME'"], [3]),
        (
            shell('printf "%s|" "$@"', parser="string"),
            ["a b", "", "'$X'\n", 5, True, 1.5],
            "a b||'$X'\n|5|true|1.5|",
        ),
        (shell("echo text", parser="string"), [], "text\n"),
        (shell("echo ' text '", parser="string", trim=True), [], "text"),
        (shell(":", parser="string"), [], ""),
        (shell("echo $STAGE", parser="string", trim=True), [], "prod"),
        (shell("echo '1 2 and so on'"), [], 1),
        (shell("echo null"), [], None),
        (shell("echo 7; echo a warning >&2"), [], 7),
        (shell("cat; echo 7"), [], 7),
        (shell("echo 7", timeout=60, mode="exec"), [], 7),
        (shell("echo 7", timeout="60", num_args=8), [], 7),
    ],
)
def test_values(config: Config, arguments: list[Json], data: Json) -> None:
    value = lookup(config, *arguments)
    assert value.data == data
    assert value.sensitive_paths == ()
    assert value.source == Source("sh")


def test_a_command_as_the_peer_s_manual_has_it() -> None:
    config: Config = {"name": "say", "command": ["echo", "-n"], "num_args": 1, "timeout": 5}
    assert lookup(config, '{"Now": "2026"}') == Value({"Now": "2026"}, source=Source("echo"))


@pytest.mark.parametrize(
    ("config", "paths"),
    [
        (shell("""echo '{"db": {"password": "hush"}, "secretArn": "arn:a"}'"""), (("db", "password"),)),
        (shell("echo '{}'", sensitive=True), ((),)),
        (shell("echo hush", parser="string", sensitive=True), ((),)),
        (shell("echo hush", parser="string") | {"name": "db_password"}, ((),)),
        (shell("echo hush", parser="string", sensitive=False) | {"name": "db_password"}, ()),
        (shell("echo arn:aws:x", parser="string") | {"name": "db_password"}, ()),
    ],
)
def test_what_is_hidden(config: Config, paths: tuple[Any, ...]) -> None:
    assert lookup(config).sensitive_paths == paths


@pytest.mark.parametrize(
    ("config", "kind", "says"),
    [
        (shell("echo not so >&2; echo '{}'; exit 3"), Unavailable, "say ended with exit code 3: not so\n"),
        (shell("exit 3"), Unavailable, "exit code 3 and says nothing of it\n  try: run it by itself"),
        (
            shell("echo hush >&2; exit 3", sensitive=True),
            Unavailable,
            "is withheld, as its output is sensitive",
        ),
        (
            shell("echo hush >&2; exit 3") | {"name": "api_token"},
            Unavailable,
            "api_token ended with exit code 3, and",
        ),
        (shell("kill -9 $$"), Unavailable, "say was ended by signal 9"),
        (shell("exec sleep 600", timeout=0.01), Unavailable, "say did not end within 0.01 seconds"),
        (
            shell("echo '{'"),
            Unavailable,
            "what say printed is no JSON, at line 2\n  try: have it print JSON, or",
        ),
        (shell("echo NaN"), Unavailable, "is no JSON"),
        (shell("echo"), NotFound, "say printed nothing"),
        ({"name": "say", "command": ["no-such-command"]}, Unavailable, "there is no command no-such-command"),
        ({"name": "say", "command": ["/dev/null"]}, Denied, "/dev/null may not be run"),
        (shell("echo 1", dir="nowhere"), Unavailable, "nowhere\n  try: correct dir of the plugin"),
    ],
)
def test_errors(config: Config, kind: type[ResolveError], says: str) -> None:
    with pytest.raises(kind) as caught:
        lookup(config)
    assert says in str(caught.value)
    assert "hush" not in str(caught.value)


def test_what_is_said_and_what_is_printed_have_limits() -> None:
    with pytest.raises(Unavailable) as caught:
        lookup(shell("yes no | head -c 100000 >&2; echo the end >&2; exit 1"))
    assert len(str(caught.value)) < commands._SAID + 400
    assert "…" in str(caught.value)
    assert "the end" in str(caught.value)
    with pytest.raises(Unavailable, match="say printed more than 4 MiB"):
        lookup(shell("cat /dev/zero; echo", parser="string"))


def test_where_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "here").write_text("here")
    config = shell("cat here", parser="string", dir="tools")
    assert lookup(config, root=tmp_path).data == "here"
    monkeypatch.chdir(tmp_path / "tools")
    assert lookup(shell("cat here", parser="string"), root=tmp_path).data == "here", "as with the peer"


def test_it_runs_once_for_each_list_of_arguments(tmp_path: Path) -> None:
    config = shell("echo $1 >> log; echo 1", dir=".")
    resolver = plugin.open(FakeContext(tmp_path, ENVIRON), config)
    assert not (tmp_path / "log").exists()
    for argument in ("a", "b", "a"):
        resolver.lookup(services.address(plugin, "say", argument, config=config))
    assert (tmp_path / "log").read_text() == "a\nb\n"


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"command": ["a"]}, "'' is none"),
        (
            {"name": "a b", "command": ["a"]},
            "the name of an external plugin is that of a function, and 'a b' is none",
        ),
        ({"name": 1, "command": ["a"]}, "name of the external plugin is text"),
        ({"name": "a"}, "the command of a is a list of texts"),
        ({"name": "a", "command": []}, "the command of a is a list of texts"),
        ({"name": "a", "command": "jq -n"}, "command of the external plugin is a list"),
        ({"name": "a", "command": ["a", None]}, "the command of a is a list of texts"),
        ({"name": "a", "command": ["", "b"]}, "begins with a program's name"),
        (shell("", parser="yaml"), "say has no parser 'yaml'"),
        (shell("", mode="jsonrpc"), "say cannot be run in the mode 'jsonrpc'"),
        (shell("", num_args=-1), "num_args of say is a number from 0 to 8"),
        (shell("", num_args=9), "elsewhere it takes any number"),
        (shell("", timeout="soon"), "timeout of say is a number of seconds"),
        (shell("", timeout=-1), "timeout of say is a number of seconds"),
        (shell("", timeout=True), "timeout of say is a number of seconds"),
        (
            shell("", time_out=1),
            "the external plugin has no setting 'time_out'\n  try: did you mean timeout?",
        ),
    ],
)
def test_configs_that_are_wrong(config: Config, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        plugin.open(FakeContext(), config)
    assert says in str(caught.value)


@pytest.mark.parametrize(("count", "names"), [(0, ()), (2, ("arg0", "arg1"))])
def test_jsonnet_has_num_args_parameters_and_templates_any_number(count: int, names: tuple[str, ...]) -> None:
    functions = plugin.functions_of(shell("", num_args=count))
    function = Function.of("say", "say", functions["say"])
    assert function.parameters == names
    assert all(function.takes(number) for number in range(5))


@pytest.mark.parametrize("argument", [None, [1], {"a": 1}, "a\0b"])
def test_arguments_that_no_command_can_have(argument: Json) -> None:
    with pytest.raises(ConfigError, match="an argument of say is"):
        services.address(plugin, "say", argument, config=shell(""))


TEXTS = st.lists(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5), max_size=4
)


@settings(max_examples=50)
@given(TEXTS)
def test_a_path_holds_its_arguments(arguments: list[str]) -> None:
    path = configs.Call(configs.read(shell("")))(*arguments)
    assert path
    assert configs.arguments(path) == arguments
