"""The resolver `git`: what is checked out.

``git NAME`` gives ``commit`` (the whole hash), ``short`` (as git shortens it), ``branch`` (NotFound where none is
checked out, as in most CI), ``tag`` (the highest of those that point at the commit, as versions) or ``dirty`` (true
where a tracked file differs from the commit). ``config.dir`` is the folder to look in, by default the project's,
whatever GIT_DIR says. git runs no hooks, fetches and writes nothing. The path of an address is NAME.
"""

from __future__ import annotations

from difflib import get_close_matches

from reconciler.plugin import Config, ConfigError, Context, Json, Resolver, ResolverPlugin, check_settings
from reconciler_git import checkouts


def git(name: Json, /) -> str:
    """Give the path of one thing that is known of the checkout."""
    if name not in checkouts.READERS:
        known = ", ".join(checkouts.READERS)
        near = get_close_matches(str(name), list(checkouts.READERS), n=1)
        hint = f"did you mean {near[0]}?" if near else f"it knows {known}"
        raise ConfigError(f"git knows no {name}", hint=hint)
    return str(name)


def _open(context: Context, config: Config) -> Resolver:
    check_settings("git", config, dir=str)
    return checkouts.CheckoutResolver(context.root / str(config.get("dir", "")), context.environ)


plugin = ResolverPlugin(open=_open, functions={"git": git}, ambient=True, structured=True)
