"""`reconciler verify`: whether what the definitions refer to is there and fits."""

from __future__ import annotations

import sys

import click

from reconciler.cli import exits, options, patience, planning


@click.command()
@options.common
@click.option(
    "--get-secrets/--no-get-secrets",
    default=True,
    show_default=True,
    help="Read the values of secrets, as ECS does, or only look whether they are there.",
)
@click.option(
    "--put-logs/--no-put-logs",
    default=False,
    show_default=True,
    help="Write a line to each log group: the one thing that this command may change.",
)
@click.option(
    "--cache/--no-cache",
    default=True,
    show_default=True,
    help="Read each thing once, or for each check anew.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Output."
)
def command(common: options.Common, form: str, *, get_secrets: bool, put_logs: bool, cache: bool) -> int:
    """Check that everything the definitions refer to is there and fits: roles, images, secrets, log groups, and so on.

    Every failure is shown, not the first alone; what may not be read is skipped, and said. Nothing is changed, but for
    --put-logs. Exit code 1 if any check fails.

    \b
    Examples:
      reconciler verify
      reconciler verify --no-get-secrets --put-logs
    """
    with options.opened(common) as reconciler:
        with patience.told("Reading files and references…") as say:
            found = reconciler.verify(
                get_secrets=get_secrets,
                put_logs=put_logs,
                cache=cache,
                told=lambda done, of: say(f"Asking AWS and registries: {done} of {of} checks…"),
            )
        from reconciler.render import pieces, verifications

        if form == "json":
            options.write(verifications.document(found))
        else:
            glyphs = pieces.glyphs(sys.stdout.encoding)
            options.write(verifications.text(found, planning.style(common), glyphs))
    return exits.OK if found.passed else exits.ERROR
