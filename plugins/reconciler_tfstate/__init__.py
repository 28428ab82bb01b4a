"""The resolver `tfstate`: values out of a Terraform state.

``config`` names the state by ``path``, ``url``, ``dir`` or ``backend`` (see `configs`). ``workspace`` selects one of a
``dir``. With ``optional``, a state that does not exist yet holds nothing, so every lookup is NotFound; without it,
every lookup is Unavailable. With ``outputs_only``, only outputs may be referred to, and where the backend serves them
alone, nothing else is read. ``passphrase_env`` names the variable that opens a state which OpenTofu has encrypted.
``var_files`` hold values of the variables of a ``dir``, from whose files outputs of child modules are computed.
``plan`` is a file of ``terraform show -json PLAN`` that is laid over the state.
"""

from __future__ import annotations

from reconciler.plugin import Config, ConfigError, Context, Json, Resolver, ResolverPlugin, Sharing
from reconciler_tfstate import addresses, configs, formats, resolvers


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
    """Open a state. Where several projects are at work, all that name the same one share what is read of it."""
    settings = configs.read(config)
    if not isinstance(context, Sharing):
        return resolvers.StateResolver(context, settings)
    whole = configs.absolute(config, context.root)
    # A backend's own settings may hold paths that begin at the project's folder.
    root = context.root if "backend" in config else None
    found: Resolver = context.share(
        "tfstate",
        (whole, root, dict(context.environ)),
        lambda: resolvers.StateResolver(context, configs.read(whole)),
    )
    return found


plugin = ResolverPlugin(
    open=_open, functions={"tfstate": tfstate, "tfstatef": tfstatef}, actions=configs.actions
)
