"""`reconciler sandbox`: serve a simulated AWS, or run a command against a fresh one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

_RUN_SPEED = 30.0


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option(
            "--latency",
            type=click.FloatRange(min=0),
            default=0.0,
            metavar="MS",
            help="Wait before each answer.",
        ),
        click.option(
            "--seed",
            "seed_file",
            type=click.Path(dir_okay=False),
            metavar="FILE",
            help="What it begins with.",
        ),
    ):
        command = option(command)
    return command


@click.group(invoke_without_command=True)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Where to listen; 0 takes any free port."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="Simulated seconds a second.",
)
@_options
@click.pass_context
def command(
    context: click.Context, port: int, host: str, speed: float, seed_file: str | None, latency: float
) -> None:
    """Serve a simulated AWS.

    Prints one line of JSON, {"endpoint_url": …}, when it is ready, and serves until it is interrupted.
    ECS rolls out as the real one does, on a clock that can run faster; other services are moto's.

    \b
    A seed says what it begins with (more in docs/sandbox.md), for example:
      clusters: [your-cluster]
      parameters: {/app/url: "https://example.com"}
      knobs: {pull: 2}

    Images with the tag crash, nopull or sick misbehave; events run on the simulated clock.

    \b
    Examples:
      reconciler sandbox --port 4566 --speed 10 --seed seed.yml
      reconciler sandbox run --seed seed.yml -- reconciler plan
    """
    if context.invoked_subcommand is None:
        _serve(host, port, seed_file, speed, latency)
        return
    for name in context.params:
        if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            flag = "--seed" if name == "seed_file" else f"--{name}"
            raise click.UsageError(
                f"{flag} stands before {context.invoked_subcommand}; put it after, or leave it out"
            )


@command.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option(
    "--speed",
    type=click.FloatRange(min=0),
    default=_RUN_SPEED,
    show_default=True,
    help="Simulated seconds a second.",
)
@_options
@click.argument("words", metavar="-- COMMAND [ARGUMENT]…", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
def run(
    context: click.Context, words: tuple[str, ...], speed: float, seed_file: str | None, latency: float
) -> None:
    """Run a command against a fresh sandbox; its exit code is the command's.

    \b
    Examples:
      reconciler sandbox run --seed seed.yml -- reconciler plan
      reconciler sandbox run --seed seed.yml -- reconciler apply --auto-approve
    """
    import os

    from reconciler.sandbox import errors, runs, servings

    try:
        with servings.serving(_path(seed_file), speed=speed, latency=latency) as served:
            try:
                status = runs.run(words, served.endpoint_url, os.environ)
            except errors.SandboxError as error:
                click.echo(f"Error: {error}", err=True)
                status = 127 if error.what == "command not found" else 126
    except errors.SandboxError as error:
        raise click.ClickException(str(error)) from None
    context.exit(status)


def _path(seed_file: str | None) -> Path | None:
    from pathlib import Path

    return Path(seed_file) if seed_file else None


def _serve(host: str, port: int, seed_file: str | None, speed: float, latency: float) -> None:
    import gc
    import json
    import signal

    from reconciler.sandbox import errors, sandboxes, servings

    def leave(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    gc.enable()
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    try:
        box = sandboxes.Sandbox(servings.seed_of(_path(seed_file)), speed=speed, latency=latency)
        served = servings.bind(box, host, port)
    except errors.SandboxError as error:
        raise click.ClickException(str(error)) from None
    try:
        click.echo(json.dumps({"endpoint_url": served.endpoint_url}))
        served.server.serve_forever(0.05)
    except KeyboardInterrupt:
        return
    finally:
        served.server.server_close()
