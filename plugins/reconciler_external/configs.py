"""The settings of a command, and the function that it is called by."""

from __future__ import annotations

import json
import math
import re
import shlex
from dataclasses import dataclass
from typing import Final

from reconciler.plugin import Config, ConfigError, Json, check_settings

NO_ARGUMENTS: Final = "()"
"""The path of no arguments; an argument that says so is quoted."""

_MOST: Final = 8  # parameters that a native function of Jsonnet may have here
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PARSERS: Final = ("json", "string")
_SHOWN: Final = "config: {name: jq, command: [jq, -n], num_args: 1}"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a config says. `timeout` is in seconds, None for no limit; `folder` is relative to the project's.

    Where it does not say whether what is printed is `sensitive` (None), the function's name says it.
    """

    name: str
    command: tuple[str, ...]
    arguments: int = 0
    parser: str = "json"
    timeout: float | None = None
    folder: str | None = None
    trim: bool = False
    sensitive: bool | None = None


class Call:
    """The function: it turns arguments into the path of an address. `parameters` are those that Jsonnet has."""

    def __init__(self, settings: Settings) -> None:
        """Know its name and parameters."""
        self._name = settings.name
        self.parameters = tuple(f"arg{number}" for number in range(settings.arguments))

    def __call__(self, /, *arguments: Json) -> str:
        """Give the path. ConfigError for an argument that no command can have."""
        return shlex.join(map(self._text, arguments)) or NO_ARGUMENTS

    def _text(self, argument: Json) -> str:
        if isinstance(argument, int | float):
            argument = json.dumps(argument)
        if not isinstance(argument, str) or "\0" in argument:
            what = "a list or an object" if isinstance(argument, list | dict) else "null"
            what = "text with a NUL in it" if isinstance(argument, str) else what
            raise ConfigError(f"an argument of {self._name} is {what}", hint="the command takes texts")
        return argument


def arguments(path: str) -> list[str]:
    """Give the arguments that a path was made from. ValueError where it was not."""
    return [] if path == NO_ARGUMENTS else shlex.split(path)


def read(config: Config) -> Settings:
    """Read a config. ConfigError where it is wrong."""
    check_settings(
        "external",
        config,
        name=str,
        command=list,
        num_args=int,
        parser=str,
        timeout=None,
        mode=str,
        dir=str,
        trim=bool,
        sensitive=bool,
    )
    name, parser = str(config.get("name", "")), str(config.get("parser") or "json")
    if not _NAME.fullmatch(name):
        what = f"the name of an external plugin is that of a function, and {name!r} is none"
        raise ConfigError(what, hint=f"letters, digits and _: {_SHOWN}")
    if parser not in _PARSERS:
        raise ConfigError(f"{name} has no parser {parser!r}", hint="parser: json, or parser: string")
    if (mode := config.get("mode", "exec")) != "exec":
        raise ConfigError(
            f"{name} cannot be run in the mode {mode!r}", hint="leave out mode: the command runs once a call"
        )
    count = config.get("num_args", 0)
    assert isinstance(count, int), "it was checked"
    if not 0 <= count <= _MOST:
        hint = "it counts the function's parameters in Jsonnet; elsewhere it takes any number"
        raise ConfigError(f"num_args of {name} is a number from 0 to {_MOST}", hint=hint)
    folder = config.get("dir")
    return Settings(
        name=name,
        command=_command(config.get("command"), name),
        arguments=count,
        parser=parser,
        timeout=_timeout(config.get("timeout"), name),
        folder=None if folder is None else str(folder),
        trim=bool(config.get("trim")),
        sensitive=bool(config["sensitive"]) if "sensitive" in config else None,
    )


def _command(given: Json, name: str) -> tuple[str, ...]:
    words = given if isinstance(given, list) else []
    if not words or not all(
        isinstance(word, str | int | float) and not isinstance(word, bool) for word in words
    ):
        raise ConfigError(f"the command of {name} is a list of texts", hint=_SHOWN)
    command = tuple(word if isinstance(word, str) else json.dumps(word) for word in words)
    if not command[0] or any("\0" in word for word in command):
        raise ConfigError(f"the command of {name} begins with a program's name", hint=_SHOWN)
    return command


def _timeout(given: Json, name: str) -> float | None:
    """Read seconds: a number, its digits, or as Go writes them (`5s`); 0 is no limit, as for the peer."""
    try:
        seconds = float(given.strip().removesuffix("s")) if isinstance(given, str) else given or 0
    except ValueError:
        seconds = math.nan
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < math.inf:
        raise ConfigError(f"timeout of {name} is a number of seconds", hint="timeout: 5")
    return float(seconds) or None
