"""The resolver `tfstate`: values out of a Terraform state.

``config`` holds ``path`` or ``url`` (see `locations`) and ``optional``: with it, a state that does not exist
yet holds nothing, so every lookup is NotFound; without it, every lookup is Unavailable.
"""

from __future__ import annotations

from reconciler.plugin import Config, ConfigError, Context, Json, Resolver, ResolverPlugin
from reconciler_tfstate import addresses, formats, locations, resolvers


def tfstate(address: Json, /) -> str:
    """Give the path of an address, ``aws_subnet.private['a'].id``; ``'`` stands for ``"``."""
    if not isinstance(address, str):
        raise ConfigError("an address in a state is text", hint="tfstate `aws_vpc.main.id`")
    return addresses.canonical(address)


def tfstatef(template: Json, /, *args: Json) -> str:
    """Give the path of an address made with Go's Sprintf, ``tfstatef "aws_subnet.private['%s'].id" $az``."""
    if not isinstance(template, str):
        raise ConfigError("a format is text", hint="tfstatef `aws_subnet.private['%s'].id` $az")
    return tfstate(formats.sprintf(template, args))


def _open(context: Context, config: Config) -> Resolver:
    return resolvers.StateResolver(
        context, locations.location(config), optional=config.get("optional") is True
    )


def _actions(config: Config) -> tuple[str, ...]:
    url = config.get("url")
    in_bucket = isinstance(url, str) and url.startswith("s3:") and config.get("path") is None
    return ("s3:GetObject", "kms:Decrypt") if in_bucket else ()


plugin = ResolverPlugin(open=_open, functions={"tfstate": tfstate, "tfstatef": tfstatef}, actions=_actions)
