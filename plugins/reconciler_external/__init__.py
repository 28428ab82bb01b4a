"""The resolver `external`: what commands of your own print.

``config.name`` is the function's name and ``config.command`` the command, to which the function's arguments are
added. ``config.parser`` says what it prints: ``json`` (the default), which templates index as in
``{{ (jq `…`).Now }}``, or ``string``. ``config.num_args`` is how many arguments the function takes in Jsonnet (0);
elsewhere it takes any number. ``config.timeout`` is in seconds; without it the command takes as long as it likes.
Those are the peer's settings; ours are ``dir``, the folder that the command runs in (by default the one that the run
began in, as with the peer), ``trim``, which takes the space at both ends off a string, and ``sensitive``, which hides
what it prints; where it is not said, a function with a name like a secret's (``db_password``) is hidden.

The command runs once for each list of arguments, and only when a value of it is needed. The path of an address is the
arguments, quoted as for a shell; ``()`` is none.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.plugin import Config, Context, Resolver, ResolverPlugin
from reconciler_external import commands, configs


def _open(context: Context, config: Config) -> Resolver:
    return commands.CommandResolver(configs.read(config), context.root, context.environ)


def _functions(config: Config) -> Mapping[str, configs.Call]:
    settings = configs.read(config)
    return {settings.name: configs.Call(settings)}


plugin = ResolverPlugin(open=_open, functions_of=_functions, ambient=True, structured=True, late=True)
