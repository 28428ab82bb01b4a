"""`reconciler explain`: where a value comes from, and who uses a reference."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import click

from reconciler.cli import exits, options, patience

if TYPE_CHECKING:
    from reconciler.api.references import Explained
    from reconciler.core.values import Source

_NOUNS: Final = {"var": "variable", "local": "local value"}


@click.command()
@click.argument("wanted", metavar="ADDRESS-OR-POINTER")
@options.common
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Output."
)
@click.option("--show-sensitive", is_flag=True, help="Print secrets instead of marks.")
def command(common: options.Common, wanted: str, form: str, *, show_sensitive: bool) -> int:
    """Say where a value of the definitions comes from, or which values a reference makes.

    Take a place as plans name it, a JSON pointer into the canonical form or into what `render` prints, or a reference:
    as a file has it, part of it, or a variable or local value of HCL.

    \b
    Examples:
      reconciler explain 'containerDefinitions["httpd-app"].environment["LOG_LEVEL"]'
      reconciler explain /networkConfiguration/awsvpcConfiguration/subnets
      reconciler explain 'tfstate aws_subnet.private_a.id'
      reconciler explain aws_subnet.private_a.id
    """
    with options.opened(common, show_sensitive=show_sensitive, aws=False) as reconciler:
        with patience.told():
            found = reconciler.explain(wanted)
        if form == "json":
            rows = [_member(each) for each in found]
            options.write(json.dumps(rows, indent=2, ensure_ascii=False))
        else:
            options.write("\n".join(_text(each) for each in found))
    return exits.OK


def _member(each: Explained) -> dict[str, Any]:
    return {
        "resource": each.resource,
        "address": each.address,
        "file": each.where.path,
        "line": each.where.line,
        "column": each.where.column,
        "value": each.value,
        "sources": [
            {
                "resolver": address.resolver,
                "path": address.path,
                "name": source.name if source else None,
                "version": source.version if source else None,
            }
            for address, source in each.sources
        ],
        "names": [
            {"name": name, "file": where.path, "line": where.line, "column": where.column}
            for name, where in each.named
        ],
    }


def _text(each: Explained) -> str:
    from reconciler.render import texts

    value = texts.quoted(each.value)
    lines = [f"{each.resource}: {each.address} = {value}", f"  at {each.where}"]
    for address, source in each.sources:
        lines.append(f"  from {address}{_read(source, address.path)}")
    for name, where in each.named:
        lines.append(f"  from {_NOUNS[name.split('.')[0]]} {name.partition('.')[2]}, {where}")
    if not each.sources and not each.named:
        lines.append("  as the file says")
    return "\n".join(texts.safe(line) for line in lines) + "\n"


def _read(source: Source | None, path: str) -> str:
    if source is None:
        return ""
    version = f", {'serial' if source.lineage else 'version'} {source.version}" if source.version else ""
    said = source.label.removeprefix(f"{path}, ")
    label = f" ({said})" if said else ""
    if said.endswith(f", {source.name}"):  # which says where it is from
        return label
    return f"{label}, read from {source.name}{version}" if source.name else label
