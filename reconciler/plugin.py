"""Everything that the author of a resolver may import.

A resolver turns addresses into values: `tfstate aws_subnet.a.id` into `subnet-0a1…`. A distribution
offers one under the entry point group ``reconciler.resolvers``; the project file opens instances of it::

    plugins:
      - name: tfstate            # the entry point
        func_prefix: prod_       # the instance is `prod_tfstate`, its functions `prod_tfstate`, …
        config: {path: terraform.tfstate}

`ResolverPlugin.functions` maps a function's name to a callable that turns its arguments into the path of
an address; its signature gives the arity in every front end (templates, Jsonnet, YAML tags). Jsonnet
functions have a fixed number of parameters there: the required ones, and one for ``*args``.

`reconciler.testing.check_resolver` checks a resolver against the duties below.
"""

from __future__ import annotations

import pathlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from difflib import get_close_matches
from typing import Any, Final, Protocol, TypeAlias, runtime_checkable

from reconciler.core.redaction import secret_member, secret_name
from reconciler.core.values import Address, Json, Path, Source, Value
from reconciler.errors import (
    AwsCredentials,
    AwsDenied,
    AwsError,
    AwsNotFound,
    AwsThrottled,
    AwsUnreachable,
    ConfigError,
    Denied,
    NotFound,
    ResolveError,
    Unavailable,
)
from reconciler.records import dataclass

__all__ = [
    "API",
    "Address",
    "AwsClient",
    "AwsDenied",
    "AwsError",
    "AwsNotFound",
    "AwsOptions",
    "BatchResolver",
    "Config",
    "ConfigError",
    "Context",
    "Denied",
    "Enumerable",
    "Json",
    "NotFound",
    "Remembering",
    "ResolveError",
    "Resolver",
    "ResolverPlugin",
    "Sharing",
    "Source",
    "Unavailable",
    "Value",
    "check_settings",
    "named",
    "no_actions",
    "no_functions",
    "refusal",
    "secret_member",
    "secret_name",
    "secret_paths",
    "secret_value",
    "unhooked",
]

API = 1
Config: TypeAlias = Mapping[str, Json]
_GIT: Final = frozenset(
    f"GIT_{name}"
    for name in (
        *("DIR", "WORK_TREE", "INDEX_FILE", "COMMON_DIR", "OBJECT_DIRECTORY", "ALTERNATE_OBJECT_DIRECTORIES"),
        *("PREFIX", "NAMESPACE", "GRAFT_FILE", "SHALLOW_FILE", "REPLACE_REF_BASE", "CONFIG"),
    )
)
"""Variables that lead to another repository than the folder's: git sets them for its hooks and aliases (`git rev-parse
--local-env-vars`)."""
_KINDS: Final[Mapping[type, str]] = {
    bool: "true or false",
    int: "a whole number",
    list: "a list",
    str: "text",
}


class AwsClient(Protocol):
    """A client of one AWS service: plain data in and out (bodies as `bytes`), our errors raised."""

    def call(self, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """Call an operation by its API name (``GetParameters``)."""
        ...

    def pages(self, operation: str, /, **parameters: Any) -> Iterable[dict[str, Any]]:
        """Call a paginated operation and give its pages."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsOptions:
    """In what a client differs from those of the run; what is empty is as the run has it.

    A `profile`, access keys among the `variables` or `ambient` do without the role that the run assumes, and a
    profile or keys without the run's profile too. `variables` are laid over the environment: access keys,
    ``AWS_ENDPOINT_URL_S3``, ``AWS_CA_BUNDLE`` and every other setting of botocore's that has a variable.
    """

    region: str = ""
    profile: str = ""
    variables: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    ambient: bool = False


class Context(Protocol):
    """What a resolver is given of the run. Read-only."""

    @property
    def root(self) -> pathlib.Path:
        """Give the folder of the project file; relative paths of a config start there."""
        ...

    @property
    def environ(self) -> Mapping[str, str]:
        """Give the environment, with the files of --envfile laid over it."""
        ...

    def client(self, service: str, options: AwsOptions | None = None, /) -> AwsClient:
        """Give the shared client of an AWS service (``ssm``): same profile, region, retries, endpoint.

        With options, one that differs from it in them and is shared by all who give the same.
        """
        ...


@runtime_checkable
class Sharing(Protocol):
    """A context that knows what the resolvers of other projects in the same run have read."""

    def share(self, owner: str, key: object, make: Callable[[], Any], /) -> Any:
        """Give what `make` gave for an equal key of the same owner, else what it gives now; its errors are shared too.

        The key says all that the result depends on, but for the credentials and the region that the project names. What
        it is made of can be hashed, but for the mappings, lists and sets in it.
        """
        ...


class Resolver(Protocol):
    """Answers addresses.

    Duties: `lookup` may be called from several threads; it gives the same answer to the same address for
    the life of the resolver; it raises NotFound, Denied or Unavailable and nothing else; it never prints.
    Reading its source is put off until the first lookup.
    """

    def lookup(self, address: Address, /) -> Value:
        """Give the value at an address."""
        ...


@runtime_checkable
class BatchResolver(Resolver, Protocol):
    """A resolver that saves calls when it is asked for many addresses at once."""

    def lookup_many(self, addresses: Sequence[Address], /) -> Mapping[Address, Value | ResolveError]:
        """Give a value, or the error that `lookup` would raise, for every address asked for."""
        ...


@runtime_checkable
class Enumerable(Protocol):
    """A resolver that can list what it holds, for near misses, completion and listings."""

    def addresses(self, prefix: str, /) -> Iterable[str]:
        """Give the paths that start with `prefix`."""
        ...


def no_actions(_config: Config, /) -> Iterable[str]:
    """Declare that a resolver calls no AWS API."""
    return ()


def no_functions(_config: Config, /) -> Mapping[str, Callable[..., str]]:
    """Declare that a resolver's config names no functions."""
    return {}


def secret_value(name: str, value: Json) -> bool:
    """Tell whether a value is secret by the name that it goes by: `apiToken`, `DB_PASSWORD`. An ARN never is."""
    is_arn = isinstance(value, str) and value.startswith("arn:")
    return value is not None and not is_arn and secret_member(name)


def secret_paths(data: Json) -> tuple[Path, ...]:
    """Give the paths to the members of JSON that are secret by their names."""
    found: list[Path] = []
    _secrets(data, (), found)
    return tuple(found)


def _secrets(data: Json, path: Path, found: list[Path]) -> None:
    if isinstance(data, Mapping):
        for name, member in data.items():
            if secret_value(name, member):
                found.append((*path, name))
            else:
                _secrets(member, (*path, name), found)
    elif isinstance(data, Sequence) and not isinstance(data, str):
        for index, item in enumerate(data):
            _secrets(item, (*path, index), found)


def check_settings(plugin: str, config: Config, **kinds: type | None) -> None:
    """Raise a ConfigError for a setting that a plugin does not have, or that is of another kind; None takes any."""
    for name, value in config.items():
        if name not in kinds:
            near = get_close_matches(name, list(kinds), n=1)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(kinds)}"
            raise ConfigError(
                f"the {plugin} plugin has no setting {name!r}", hint=hint if kinds else "leave out its config"
            )
        kind = kinds[name]
        if kind and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
            raise ConfigError(f"{name} of the {plugin} plugin is {_KINDS[kind]}")


def named(argument: Json, what: str, hint: str) -> str:
    """Give an argument that names something, without the space around it. ConfigError where it is no text."""
    if not isinstance(argument, str) or not argument.strip():
        raise ConfigError(f"{what} is text", hint=hint)
    return argument.strip()


def unhooked(environ: Mapping[str, str]) -> dict[str, str]:
    """Give an environment in which git answers for the folder that it is asked in, whatever hook of git's runs us."""
    return {name: value for name, value in environ.items() if name not in _GIT}


class Remembering(ABC):
    """A resolver that reads an address once, and gives the same value from then on."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._values: dict[Address, Value] = {}

    @abstractmethod
    def read(self, address: Address, /) -> Value:
        """Read a value. Raises NotFound, Denied or Unavailable."""

    def lookup(self, address: Address, /) -> Value:
        """Give a value."""
        if (found := self._values.get(address)) is not None:
            return found
        return self._values.setdefault(address, self.read(address))


def refusal(error: AwsError, address: Address, /) -> ResolveError:
    """Give the resolver's error for a failed AWS call, where the resolver knows nothing better to say."""
    match error:
        case AwsDenied() | AwsCredentials():
            return Denied(error.what, error.where, error.hint, str(address))
        case AwsNotFound():
            return NotFound(error.what, error.where, error.hint, str(address))
    temporary = error.temporary or isinstance(error, AwsThrottled | AwsUnreachable)
    retry_after = 1.0 if temporary else None
    return Unavailable(error.what, error.where, error.hint, str(address), retry_after=retry_after)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolverPlugin:
    """What an entry point of the group ``reconciler.resolvers`` names.

    `open` checks the config (ConfigError where it is wrong) and reads nothing. `actions` gives the IAM
    actions that an instance with this config may call. `always` opens an instance without being named in
    the project file. `ambient` says that it reads the process's own environment, which applying a saved plan
    does not look at again.

    `functions_of` gives further functions, which the config names; the first of them is what the instance goes by in
    place of the entry point's name, so that there may be several. `structured` lets templates index what the functions
    give, ``(jq `…`).Now``; without it they have it as text. `late` keeps them from being asked for what evaluation
    may turn out not to need, or with arguments of which one is not known yet: it is for what is dear to ask, or does
    something.

    `common` says that what a resolver gives depends on its config, credentials and region alone, and on nothing of the
    project: of many projects that are at work together each address is then looked up once, and a `BatchResolver` is
    asked for those of all of them.
    """

    open: Callable[[Context, Config], Resolver]
    functions: Mapping[str, Callable[..., str]] = field(default_factory=dict)
    functions_of: Callable[[Config], Mapping[str, Callable[..., str]]] = no_functions
    actions: Callable[[Config], Iterable[str]] = no_actions
    always: bool = False
    ambient: bool = False
    structured: bool = False
    late: bool = False
    common: bool = False
    api: int = API
