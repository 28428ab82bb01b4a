"""From the plugins of a project file to instances and functions."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest

from reconciler.core.references import PluginUse
from reconciler.core.values import Value
from reconciler.errors import ConfigError, PluginCrashed, ReconcilerError, Where
from reconciler.plugin import Address, Config, Context, NotFound, Resolver, ResolverPlugin
from reconciler.resolve import registry
from reconciler.resolve.entrypoints import EntryPoint
from reconciler.testing import FakeContext

HERE = Where("reconciler.yml", 7, 5)


class Echo:
    """Answers every address with its path."""

    def lookup(self, address: Address, /) -> Value:
        return Value(address.path)


def itself(path: str, /) -> str:
    return path


class Named:
    """A function that says itself which parameters it has in Jsonnet."""

    parameters = ("arg0", "arg1")

    def __call__(self, /, *arguments: str) -> str:
        return " ".join(arguments)


def open_echo(_context: Context, config: Config) -> Resolver:
    if "bad" in config:
        raise ConfigError("bad is no setting")
    if "crash" in config:
        raise ZeroDivisionError("hush")
    return Echo()


@pytest.fixture
def available(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, EntryPoint]:
    """Install a module of plugins under the names `echo`, `always`, `old`, `odd` and `broken`."""
    module = ModuleType("a_test_plugin")
    module.__dict__.update(
        echo=ResolverPlugin(
            open=open_echo, functions={"echo": itself}, actions=lambda _config: ["s3:GetObject"]
        ),
        always=ResolverPlugin(open=open_echo, functions={"say": itself}, always=True),
        shapeless=ResolverPlugin(open=open_echo, functions={"f": str}),
        naming=ResolverPlugin(
            open=open_echo,
            functions_of=lambda config: {str(config["name"]): Named()},
            structured=True,
            late=True,
        ),
        old=ResolverPlugin(open=open_echo, api=0),
        new=ResolverPlugin(open=open_echo, api=9),
        odd="a text",
    )
    monkeypatch.setitem(sys.modules, "a_test_plugin", module)
    points = {
        name: EntryPoint(name, f"a_test_plugin:{name}", "echoes 1.2", always=name == "always")
        for name in ("echo", "always", "naming", "shapeless", "old", "new", "odd", "missing")
    }
    return points | {"broken": EntryPoint("broken", "no_such_module:plugin", "echoes 1.2")}


def test_functions_and_instances(available: Mapping[str, EntryPoint]) -> None:
    uses = [PluginUse("Echo"), PluginUse("echo", {}, "prod_"), PluginUse("always", {}, "also_")]
    instances = registry.open_instances(uses, FakeContext(), available)
    assert {name: function.resolver for name, function in instances.functions.items()} == {
        "say": "always",
        "echo": "echo",
        "prod_echo": "prod_echo",
        "also_say": "also_always",
    }
    address = instances.functions["prod_echo"].address(["x"])
    assert address == Address("prod_echo", "x")
    assert instances.resolver("prod_echo").lookup(address).data == "x"
    assert instances.actions() == ("s3:GetObject",)


def test_a_plugin_may_have_functions_that_its_config_names(available: Mapping[str, EntryPoint]) -> None:
    uses = [
        PluginUse("naming", {"name": name}, prefix)
        for name, prefix in (("jq", ""), ("yq", ""), ("jq", "my_"))
    ]
    instances = registry.open_instances(uses, FakeContext(), available)
    assert set(instances.by_name) == {"always", "jq", "yq", "my_jq"}
    assert instances.functions["my_jq"].address(["x"]) == Address("my_jq", "x")
    assert instances.functions["jq"].parameters == ("arg0", "arg1")
    assert {name for name, function in instances.functions.items() if function.late and function.structured} == {
        "jq", "yq", "my_jq",
    }  # fmt: skip
    with pytest.raises(ConfigError, match="the function say is defined twice"):
        registry.open_instances([PluginUse("naming", {"name": "say"})], FakeContext(), available)


@pytest.mark.parametrize("uses", [[], [PluginUse("always")], [PluginUse("always"), PluginUse("ALWAYS")]])
def test_what_is_always_open_is_open_once(uses: list[PluginUse], available: Mapping[str, EntryPoint]) -> None:
    assert list(registry.open_instances(uses, FakeContext(), available).by_name) == ["always"]


@pytest.mark.parametrize(
    ("uses", "kind", "says"),
    [
        ([PluginUse("ecko", where=HERE)], ConfigError, "reconciler.yml:7:5: there is no plugin 'ecko'"),
        ([PluginUse("ecko", where=HERE)], ConfigError, "did you mean echo?"),
        ([PluginUse("vault", where=HERE)], ConfigError, "install the distribution"),
        ([PluginUse("echo", where=Where("a.yml", 3)), PluginUse("echo", where=HERE)], ConfigError,
         "echo is defined twice: by the plugin echo at a.yml:3:0 and by the plugin echo at reconciler.yml:7:5"),
        ([PluginUse("echo"), PluginUse("echo")], ConfigError, "func_prefix: echo2_"),
        ([PluginUse("always"), PluginUse("always", {"x": 1})], ConfigError, "the function say is defined twice"),
        ([PluginUse("old", where=HERE)], ConfigError, "upgrade echoes 1.2"),
        ([PluginUse("new", where=HERE)], ConfigError, "upgrade this tool"),
        ([PluginUse("odd", where=HERE)], PluginCrashed, "is no ResolverPlugin"),
        ([PluginUse("echo", {"bad": 1}, where=HERE)], ConfigError, "reconciler.yml:7:5: bad is no setting"),
        ([PluginUse("echo", {"crash": 1}, where=HERE)], PluginCrashed, "of echoes 1.2 crashed with ZeroDivisionError"),
        ([PluginUse("shapeless", where=HERE)], PluginCrashed, "of echoes 1.2 crashed with ValueError"),
        ([PluginUse("broken", where=HERE)], PluginCrashed, "of echoes 1.2 crashed with ModuleNotFoundError"),
        ([PluginUse("missing", where=HERE)], PluginCrashed, "of echoes 1.2 crashed with AttributeError"),
    ],
)  # fmt: skip
def test_what_cannot_be_opened(
    uses: list[PluginUse], kind: type[ReconcilerError], says: str, available: Mapping[str, EntryPoint]
) -> None:
    with pytest.raises(kind) as caught:
        registry.open_instances(uses, FakeContext(), available)
    assert says in str(caught.value)
    assert "hush" not in str(caught.value)
    if isinstance(caught.value, PluginCrashed):
        assert caught.value.distribution == "echoes 1.2"
        assert caught.value.where == HERE


def test_a_plugin_that_nobody_names_may_be_broken(available: Mapping[str, EntryPoint]) -> None:
    assert "broken" in available
    instances = registry.open_instances([PluginUse("echo")], FakeContext(), available)
    assert set(instances.by_name) == {"always", "echo"}


def test_an_instance_that_is_not_open(available: Mapping[str, EntryPoint]) -> None:
    instances = registry.open_instances([PluginUse("echo", {}, "prod_")], FakeContext(), available)
    with pytest.raises(ConfigError, match="no resolver 'prod_ecko' is open\n  try: did you mean prod_echo"):
        instances.resolver("prod_ecko")


def test_ours_are_installed(tmp_path: Path) -> None:
    uses = [
        PluginUse("tfstate", {"path": "x"}),
        PluginUse("TFSTATE", {"path": "y"}, "y_"),
        PluginUse("ssm", {}, "z_"),
    ]
    instances = registry.open_instances(uses, FakeContext(tmp_path))
    assert {"env", "must_env", "ssm", "ssm_list", "z_ssm", "tfstate", "tfstatef", "y_tfstatef"} <= set(
        instances.functions
    )
    assert {"kms:Decrypt", "ssm:GetParameters"} <= set(instances.actions())
    with pytest.raises(NotFound):
        instances.resolver("env").lookup(instances.functions["must_env"].address(["NOT_SET"]))
