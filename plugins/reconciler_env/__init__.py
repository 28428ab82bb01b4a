"""The resolver `env`: values out of the environment, with the files of --envfile laid over it.

``env NAME… [DEFAULT]`` tries each argument as a variable, an empty one counting as unset; if none is set, the
last argument itself is the value. ``must_env NAME`` needs the variable, which may be empty. Both are the
peer's rules (kayac/go-config). The path of an address is shell notation: ``NAME``, ``NAME:-DEFAULT``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from reconciler.plugin import (
    Address,
    Config,
    ConfigError,
    Context,
    Json,
    NotFound,
    Resolver,
    ResolverPlugin,
    Source,
    Value,
    check_settings,
    secret_name,
)

_SEPARATOR = ":-"
_SPECIAL = re.compile(r"\\|:-")
_PIECE = re.compile(r"\\(?P<escaped>\\|:-)|(?P<separator>:-)|(?P<plain>.)", re.DOTALL)


def env(name: Json, /, *default: Json) -> str:
    """Give the path of ``env NAME… [DEFAULT]``; a single argument is its own default."""
    names = [_text(argument) for argument in (name, *default)]
    return _SEPARATOR.join(map(_escape, names if default else names * 2))


def must_env(name: Json, /) -> str:
    """Give the path of ``must_env NAME``."""
    return _escape(_text(name))


def decode(path: str) -> list[str]:
    """Give the arguments that a path was made from, unescaped."""
    arguments = [""]
    for piece in _PIECE.finditer(path):
        if piece["separator"]:
            arguments.append("")
        else:
            arguments[-1] += piece["escaped"] or piece["plain"]
    return arguments


class EnvironmentResolver:
    """Answers addresses from the environment."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Look variables up in `environ`."""
        self._environ = environ

    def lookup(self, address: Address, /) -> Value:
        """Give a variable's value, or the default."""
        names = decode(address.path)
        if len(names) == 1:
            return self._must(names[0], address)
        for name in names:
            if found := self._environ.get(name):
                source = Source("environment", label=name)
                return _value(found, source, secret=secret_name(name))
        *tried, default = names
        secret = default != "" and any(secret_name(name) for name in tried if name != default)
        source = Source("default", label=", ".join([*tried, "default"]))
        return _value(default, source, secret=secret)

    def addresses(self, prefix: str, /) -> Iterable[str]:
        """Give the variables that are set."""
        return sorted(_escape(name) for name in self._environ if _escape(name).startswith(prefix))

    def _must(self, name: str, address: Address) -> Value:
        if name not in self._environ:
            raise NotFound(
                f"the environment variable {name} is not set",
                hint=f"export {name}=…, or --envfile FILE with a line {name}=…",
                address=str(address),
                near=tuple(get_close_matches(name, list(self._environ), n=3)),
            )
        return _value(self._environ[name], Source("environment"), secret=secret_name(name))


def _value(text: str, source: Source, *, secret: bool) -> Value:
    return Value(text, ((),) if secret else (), source=source)


def _escape(text: str) -> str:
    return _SPECIAL.sub(lambda special: f"\\{special[0]}", text)


def _text(argument: Json) -> str:
    if not isinstance(argument, str):
        raise ConfigError("names and defaults of environment variables are text", hint="quote it")
    return argument


def _open(context: Context, config: Config) -> Resolver:
    check_settings("env", config)
    return EnvironmentResolver(context.environ)


plugin = ResolverPlugin(open=_open, functions={"env": env, "must_env": must_env}, always=True, ambient=True)
