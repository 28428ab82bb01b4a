"""The resolver `ssm`: parameters of the AWS Systems Manager Parameter Store.

``ssm NAME`` gives a String or SecureString, ``ssm NAME INDEX`` and ``ssm_list NAME INDEX`` an element of a
StringList, counted from 0, and ``ssm_list NAME`` all of it. A name may be a path, an ARN, and end in ``:VERSION``
or ``:LABEL``. An index with a type that has none, and a StringList without one, are errors, as for the peer. The
path of an address is ``NAME``, ``NAME[0]`` or ``NAME[]``; names hold no brackets.
"""

from __future__ import annotations

from reconciler.plugin import (
    Config,
    ConfigError,
    Context,
    Json,
    Resolver,
    ResolverPlugin,
    check_settings,
    named,
)
from reconciler_ssm import parameters


def ssm(name: Json, index: Json = None, /) -> str:
    """Give the path of a parameter, or of an element of a StringList."""
    return _name(name) if index is None else f"{_name(name)}[{_index(index)}]"


def ssm_list(name: Json, /, *index: Json) -> str:
    """Give the path of a StringList, or of one element of it."""
    if len(index) > 1:
        raise ConfigError("ssm_list takes a name and at most one index")
    return f"{_name(name)}[{_index(index[0]) if index else ''}]"


def _name(name: Json) -> str:
    return named(name, "the name of a parameter", "ssm `/path/to/parameter`")


def _index(index: Json) -> int:
    if isinstance(index, float) and index.is_integer():  # Jsonnet's numbers
        index = int(index)
    if not isinstance(index, int) or isinstance(index, bool) or index < 0:
        raise ConfigError("the index into a StringList is a whole number from 0 on", hint="ssm `/path` 0")
    return index


def _open(context: Context, config: Config) -> Resolver:
    check_settings("ssm", config)
    return parameters.ParameterResolver(context)


def _actions(_config: Config) -> tuple[str, ...]:
    return ("ssm:GetParameters", "kms:Decrypt")


plugin = ResolverPlugin(
    open=_open, functions={"ssm": ssm, "ssm_list": ssm_list}, actions=_actions, always=True, common=True
)
