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

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

from reconciler.core.redaction import secret_name
from reconciler.core.values import Address, Json, Source, Value
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
    "ResolveError",
    "Resolver",
    "ResolverPlugin",
    "Source",
    "Unavailable",
    "Value",
    "no_actions",
    "refusal",
    "secret_name",
]

API = 1
Config: TypeAlias = Mapping[str, Json]


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
    def root(self) -> Path:
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
    """

    open: Callable[[Context, Config], Resolver]
    functions: Mapping[str, Callable[..., str]] = field(default_factory=dict)
    actions: Callable[[Config], Iterable[str]] = no_actions
    always: bool = False
    ambient: bool = False
    api: int = API
