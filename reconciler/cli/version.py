"""`reconciler version`."""

from __future__ import annotations

import click

from reconciler import __version__
from reconciler.cli import exits, options


@click.command()
@options.common
def command(common: options.Common) -> int:
    """Print the version."""
    del common
    options.write(f"reconciler {__version__}")
    return exits.OK
