"""`reconciler version`. Without flags it is answered before this is imported, by `__main__`."""

from __future__ import annotations

import click

from reconciler import __version__
from reconciler.cli import exits, listings, options

_LIBRARIES = ("boto3", "click", "jsonnet", "moto")


@click.command()
@options.common
@click.option("--details", is_flag=True, help="And what it is made of, for a report of a fault.")
@listings.output
def command(common: options.Common, output: str, *, details: bool) -> int:
    """Print the version; with --details those of what it emulates, runs on and uses.

    \b
    Examples:
      reconciler version
      reconciler version --details
    """
    if not details and output == "table":
        options.write(f"reconciler {__version__}")
        return exits.OK
    from reconciler.render.tables import Item

    named = {"reconciler": __version__, **(_details() if details else {})}
    items = [Item((name, version), {"name": name, "version": version}) for name, version in named.items()]
    listings.write(output, ("NAME", "VERSION"), items, common)
    return exits.OK


def _details() -> dict[str, str]:
    import platform
    from importlib import metadata

    from reconciler.load.settings import EMULATES

    found = {
        "ecspresso (emulated)": EMULATES,
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
    }
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found
