"""The resolver `caller_identity`: who the credentials of the run belong to (STS GetCallerIdentity).

``caller_identity`` gives an object of ``Account``, ``Arn`` and ``UserId``, which a template indexes:
``{{ caller_identity.Account }}``; ``caller_identity account`` gives one of them as text. Every identity may call it.
The path of an address is the member's name, ``*`` for all.
"""

from __future__ import annotations

import threading
from difflib import get_close_matches

from reconciler.plugin import (
    Address,
    AwsError,
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
    refusal,
)

_MEMBERS = ("Account", "Arn", "UserId")
_BY_NAME = {name.lower(): name for name in _MEMBERS}
_ALL = "*"


def caller_identity(member: Json = None, /) -> str:
    """Give the path of the identity, or of a member of it: `account`, `arn`, `user_id`, in any spelling."""
    if member is None or member == "":  # a tag of YAML has at least an empty text
        return _ALL
    name = str(member).replace("_", "").lower()
    if name not in _BY_NAME:
        near = get_close_matches(name, list(_BY_NAME), n=1)
        hint = f"did you mean {_BY_NAME[near[0]]}?" if near else f"it has {', '.join(_MEMBERS)}"
        raise ConfigError(f"the caller's identity has no {member}", hint=hint)
    return _BY_NAME[name]


class IdentityResolver:
    """Answers addresses by one call."""

    def __init__(self, context: Context) -> None:
        """Use the run's shared client."""
        self._context = context
        self._found: dict[str, Json] | None = None
        self._lock = threading.Lock()

    def lookup(self, address: Address, /) -> Value:
        """Give the identity, or a member of it."""
        identity = self._identity(address)
        if address.path != _ALL and address.path not in identity:
            raise NotFound(
                f"the caller's identity has no {address.path}",
                hint=f"it has {', '.join(_MEMBERS)}",
                address=str(address),
            )
        data = identity if address.path == _ALL else identity[address.path]
        return Value(data, source=Source("sts GetCallerIdentity"))

    def _identity(self, address: Address) -> dict[str, Json]:
        with self._lock:
            if self._found is None:
                try:
                    answer = self._context.client("sts").call("GetCallerIdentity")
                except AwsError as error:
                    raise refusal(error, address) from error
                self._found = {name: str(answer[name]) for name in _MEMBERS}
            return self._found


def _open(context: Context, config: Config) -> Resolver:
    check_settings("caller_identity", config)
    return IdentityResolver(context)


def _actions(_config: Config) -> tuple[str, ...]:
    return ("sts:GetCallerIdentity",)


plugin = ResolverPlugin(
    open=_open,
    functions={"caller_identity": caller_identity},
    actions=_actions,
    ambient=True,
    structured=True,
)
