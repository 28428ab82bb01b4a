"""`reconciler logs`: what the service's containers write."""

from __future__ import annotations

import re
import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click

from reconciler.cli import exits, logs, options

if TYPE_CHECKING:
    from reconciler.api import Reconciler
    from reconciler.core.events import LogLine
    from reconciler.errors import AwsError


def seconds(_context: click.Context, _parameter: click.Parameter, value: str) -> float:
    """Turn a duration into seconds."""
    from reconciler.load import durations

    try:
        return durations.limit(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} {error}; write one such as 10m or 90s") from error


def _moment(_context: click.Context, _parameter: click.Parameter, value: str | None) -> float | None:
    """Turn a time of ISO 8601 into seconds since 1970; one without a zone is the user's."""
    try:
        return datetime.fromisoformat(value).timestamp() if value else None
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is no time; write one such as 2026-11-23T06:00:00Z") from error


def _pattern(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> re.Pattern[str] | None:
    try:
        return re.compile(value) if value is not None else None
    except re.error as error:
        raise click.BadParameter(f"{value!r} is no regular expression: {error}") from error


flags: Final = (
    click.option("--follow", "-f", is_flag=True, help="Go on until Ctrl-C, with the tasks that come up meanwhile."),
    click.option(
        "--since",
        "--duration",
        "-d",
        "earlier",
        metavar="DURATION",
        default="10m",
        show_default=True,
        callback=seconds,
        help="How far back.",
    ),
    click.option(
        "--start-time", "-s", "start", metavar="TIME", callback=_moment, help="From then on: 2026-11-23T06:00:00Z."
    ),
    click.option("--container", metavar="NAME", default="", help="Of this container alone."),
    click.option("--grep", "pattern", metavar="REGEX", callback=_pattern, help="Only lines in which this is found."),
    click.option("--timestamps", is_flag=True, help="Put the time, the task and the container before each line."),
)  # fmt: skip
"""The flags that say which lines, and how."""


def _flagged(function: Any) -> Any:
    for flag in reversed(flags):
        function = flag(function)
    return function


@click.command()
@options.common
@_flagged
def command(common: options.Common, **how: Any) -> int:
    """Show what tasks write to CloudWatch Logs, stopped ones too: all of the task definition's family, the service's
    and others that run it.

    \b
    Examples:
      reconciler logs
      reconciler logs --since 1h --grep 'GET|POST'
      reconciler logs --container httpd-app --timestamps
    """
    with options.opened(common) as reconciler:
        return show(reconciler, **how)


def show(
    reconciler: Reconciler,
    *,
    follow: bool,
    earlier: float,
    start: float | None,
    container: str,
    pattern: re.Pattern[str] | None,
    timestamps: bool,
    only: str = "",
) -> int:
    """Write lines to stdout until there are none, or with `follow` until Ctrl-C, which is no error then."""
    since = time.time() - earlier if start is None else start
    any_line = False
    found = reconciler.log_lines(
        since=since, container=container, only=only, follow=follow, troubled=_troubled
    )
    try:
        for line in found:
            any_line = True
            if pattern is None or pattern.search(line.text):
                sys.stdout.write(_text(reconciler, line, timestamps=timestamps))
                sys.stdout.flush()
    except KeyboardInterrupt:
        if not follow:
            raise
    if not (any_line or follow):
        logs.info(
            f"There are no lines since {_time(since)}; only those of the log driver awslogs are read. "
            "--since looks further back."
        )
    return exits.OK


def _troubled(error: AwsError) -> None:
    logs.warning(f"{error.what}; asking again")


def _text(reconciler: Reconciler, line: LogLine, *, timestamps: bool) -> str:
    text = reconciler.masker.text(line.text)
    if not timestamps:
        return f"{text}\n"
    return f"{_time(line.at)} {line.task[:8]}/{line.container} {text}\n"


def _time(at: float) -> str:
    from reconciler.render import dates

    return dates.written(at)
