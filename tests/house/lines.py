"""Command lines that stand in files, read as the command would read them."""

from __future__ import annotations

from collections.abc import Sequence

import click

from reconciler.cli import main


def understood(words: Sequence[str]) -> click.Context:
    """Have our parser read a command line, without running it. click.UsageError for one that it does not take."""
    name, *arguments = words
    command = main.group.get_command(click.Context(main.group), name)
    assert command is not None, name
    return command.make_context(name, arguments)
