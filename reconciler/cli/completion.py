"""`reconciler completion`: what makes a shell complete commands and flags."""

from __future__ import annotations

import click

from reconciler.cli import exits, options

VARIABLE = "_RECONCILER_COMPLETE"
"""The variable by which click is asked to complete: made of the name that `main.run` gives the command."""


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@options.common
def command(common: options.Common, shell: str) -> int:
    """Print the completion script of a shell.

    \b
    bash: add `eval "$(reconciler completion bash)"` to ~/.bashrc
    zsh:  add `eval "$(reconciler completion zsh)"` to ~/.zshrc
    fish: reconciler completion fish > ~/.config/fish/completions/reconciler.fish

    \b
    Examples:
      reconciler completion bash
      reconciler completion fish > reconciler.fish
    """
    del common
    from click import shell_completion

    from reconciler.cli import main

    # Not `source()`, which starts a bash to see whether it is older than 4.4.
    found = shell_completion.get_completion_class(shell)
    assert found is not None
    completing = found(main.group, {}, "reconciler", VARIABLE)
    options.write(completing.source_template % completing.source_vars())
    return exits.OK
