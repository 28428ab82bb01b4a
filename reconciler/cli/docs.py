"""`reconciler docs`: the manual in the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import exits, manuals, options
from reconciler.errors import ReconcilerError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from reconciler.cli.manuals import Section


def _names(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [
        CompletionItem(name, help=manuals.title(name))
        for name in manuals.articles()
        if name.startswith(incomplete)
    ]


@click.command()
@click.argument("name", metavar="[ARTICLE]", default="", shell_complete=_names)
@options.common
@click.option(
    "--article", default=manuals.README, show_default=True, shell_complete=_names, help="What to show."
)
@click.option("--list", "lists", is_flag=True, help="List the articles.")
@click.option("--index", is_flag=True, help="Show its headings, with their lines.")
@click.option("--search", default="", metavar="TEXT", help="Show the sections that hold this text.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, by sections.")
def command(
    common: options.Common, name: str, article: str, search: str, *, lists: bool, index: bool, as_json: bool
) -> int:
    """Show the manual: on a terminal through $PAGER, as it is elsewhere.

    \b
    Examples:
      reconciler docs --list
      reconciler docs sandbox
      reconciler docs --search "exit codes"
    """
    as_json = as_json or common.log_format == "json"
    if lists:
        named = [(each, manuals.title(each)) for each in manuals.articles()]
        if as_json:
            _print([{"name": each, "description": title} for each, title in named])
        else:
            options.write("".join(f"{each}\t{title}\n" for each, title in named))
        return exits.OK
    name = name or article
    if name not in manuals.articles():
        raise ReconcilerError(
            f"there is no article {name}", hint=f"there are {', '.join(manuals.articles())}"
        )
    text = manuals.text(name)
    found = manuals.sections(text)
    if search:
        found = tuple(section for section in found if search.lower() in section.content.lower())
        if not found:
            raise ReconcilerError(f"no section of {name} holds {search}", hint="`reconciler docs --list`")
    if as_json:
        mode = "index" if index else "search" if search else "full"
        told = {"article": name, "mode": mode, **({"query": search} if mode == "search" else {})}
        _print({**told, "sections": [_member(section, index) for section in found]})
    elif index:
        _show(
            [f"{'  ' * (each.level - 1)}{'#' * each.level} {each.title} (L{each.line})\n" for each in found]
        )
    elif search:
        _show(["\n---\n\n".join(f"{section.content.rstrip()}\n" for section in found)])
    else:
        _show([text])
    return exits.OK


def _member(section: Section, index: bool) -> dict[str, Any]:
    content = {} if index else {"content": section.content}
    return {"level": section.level, "title": section.title, **content, "line": section.line}


def _print(value: object) -> None:
    options.write(json.dumps(value, indent=2, ensure_ascii=False))


def _show(lines: Sequence[str]) -> None:
    """Show text a page at a time where somebody reads it. Nothing in it controls the terminal: it is ours."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        click.echo_via_pager(lines)
    else:
        options.write("".join(lines))
