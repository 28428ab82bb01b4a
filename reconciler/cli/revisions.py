"""`reconciler revisions`: what is registered, and what uses it."""

from __future__ import annotations

import click

from reconciler.cli import described, exits, listings, options, patience


def _revision(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if value and value not in ("current", "latest") and not (value.isascii() and value.isdigit()):
        raise click.BadParameter(f"{value!r} is neither a number nor current nor latest")
    return value


@click.command()
@options.common
@click.option(
    "--revision",
    default="",
    metavar="N|current|latest",
    callback=_revision,
    help="Print this one as JSON: current is the one that the service runs.",
)
@listings.output
@click.option("--show-sensitive", is_flag=True, help="Print secrets instead of marks.")
def command(common: options.Common, revision: str, output: str, *, show_sensitive: bool) -> int:
    """List the registered revisions, the oldest first, with what uses each; or print one.

    \b
    Examples:
      reconciler revisions
      reconciler revisions --output json | jq 'select(.in_use == "")'
      reconciler revisions --revision current
    """
    with options.opened(common, show_sensitive=show_sensitive) as reconciler:
        if revision:
            with patience.told():
                body = reconciler.revision(revision)
            described.definition(reconciler, body)
            return exits.OK
        with patience.told():
            found = reconciler.revisions()
        from reconciler.core.revisions import short
        from reconciler.render.tables import Item

        items = [
            Item((short(each.arn), each.use), {"name": short(each.arn), "in_use": each.use}) for each in found
        ]
        listings.write(output, ("NAME", "IN USE"), items, common)
    return exits.OK
