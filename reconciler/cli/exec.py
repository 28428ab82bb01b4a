"""`reconciler exec`: a command in a container, a port of it, files to and from it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from reconciler.cli import choosing, exits, joining, logs, options

if TYPE_CHECKING:
    from reconciler.api import Reconciler
    from reconciler.cli.copying import Told
    from reconciler.core.sessions import Forwarding
    from reconciler.core.transfers import Place
    from reconciler.core.values import JsonObject

_PORT: Final = click.IntRange(0, 65535)


def _forwarding(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Forwarding | None:
    """Read what `-L` names."""
    from reconciler.core import sessions

    try:
        return sessions.forwarding(value) if value else None
    except ValueError as error:
        raise click.BadParameter(f"{value!r} {error}, such as 5432:db.internal:5432") from error


def _place(_context: click.Context, _parameter: click.Parameter, value: str) -> Place:
    from reconciler.core import transfers

    try:
        return transfers.place(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} {error}") from error


def _before(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Take what stands before the subcommand where nothing stands behind it."""
    before = context.parent.params if context.parent else {}
    return value or str(before.get(parameter.name or "", ""))


_which: Final = (
    click.option(
        "--id",
        "named",
        metavar="ID",
        default="",
        callback=_before,
        help="The task, by the beginning of its id.",
    ),
    click.option(
        "--container",
        metavar="NAME",
        default="",
        callback=_before,
        help="The container; chosen where there are several.",
    ),
)
_command: Final = click.option(
    "--command",
    "line",
    metavar="COMMAND",
    default="sh",
    show_default=True,
    help="What to run, started without a shell.",
)
_forward: Final = (
    click.option(
        "--local-port", metavar="PORT", type=_PORT, default=0, help="Port here; 0 for one that is free."
    ),
    click.option("--port", metavar="PORT", type=_PORT, default=0, help="Port there."),
    click.option(
        "--host", metavar="HOST", default="", help="Machine that the container reaches, in place of itself."
    ),
    click.option(
        "-L",
        "short",
        metavar="[LOCAL:]HOST:PORT",
        callback=_forwarding,
        help="The three in one, as ssh takes them.",
    ),
)


def _all(*decorators: Callable[..., Any]) -> Callable[[Any], Any]:
    def decorate(function: Any) -> Any:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


@click.group(invoke_without_command=True)
@_all(options.common, *_which, _command)
@click.option("--port-forward", is_flag=True, help="Forward a port; the same as `exec portforward`.")
@_all(*_forward)
@click.pass_context
def command(
    context: click.Context,
    /,
    common: options.Common,
    named: str,
    container: str,
    line: str,
    *,
    port_forward: bool,
    **how: Any,
) -> int | None:
    """Run a command in a container, forward a port of it, or copy files; by AWS's session-manager-plugin.

    \b
    Examples:
      reconciler exec --command 'ls -l /tmp' --container httpd-app --filter-command fzf
      reconciler exec portforward -L 8080:localhost:80 --filter-command fzf
      reconciler exec cp _:/etc/hostname name.txt --filter-command fzf
    """
    if context.invoked_subcommand is not None:
        return None
    if port_forward or how["short"] is not None:
        return _forwarded(common, named, container, **how)
    return _run(common, named, container, line)


def _subcommand(name: str, *more: Callable[..., Any]) -> Callable[[Callable[..., Any]], click.Command]:
    def decorate(function: Callable[..., Any]) -> click.Command:
        return command.command(name)(_all(options.common, *_which, *more)(function))

    return decorate


@_subcommand("run", _command)
def run(common: options.Common, named: str, container: str, line: str) -> int:
    """Run a command in a container, on this terminal.

    \b
    Examples:
      reconciler exec run --command 'sh -c "df -h | head"' --filter-command fzf
    """
    return _run(common, named, container, line)


@_subcommand("portforward", *_forward)
def portforward(common: options.Common, named: str, container: str, **how: Any) -> int:
    """Forward a port of a container until Ctrl-C.

    With a host it is a port of that one, as the container reaches it.

    \b
    Examples:
      reconciler exec portforward -L 5432:db.internal:5432 --filter-command fzf
    """
    return _forwarded(common, named, container, **how)


@_subcommand(
    "cp",
    click.argument("src", callback=_place),
    click.argument("dest", callback=_place),
    click.option(
        "--port",
        type=_PORT,
        default=12345,
        show_default=True,
        help="Not needed: no port is opened. Taken for ecspresso's.",
    ),
    click.option(
        "--progress/--no-progress", default=True, show_default=True, help="How far it is, on a terminal."
    ),
)
def cp(
    common: options.Common, named: str, container: str, src: Place, dest: Place, *, port: int, progress: bool
) -> int:
    """Copy a file from or to a container.

    There it is TASK:PATH, with the beginning of a task's id, or `_` to choose one. A folder ends with `/`, and
    `-` is stdin or stdout. The container needs `sh`, `base64`, `head` and `wc`.

    \b
    Examples:
      reconciler exec cp _:/etc/hostname name.txt --filter-command fzf
      reconciler exec cp described.json _:/tmp/ --filter-command fzf
    """
    del port
    if src.remote == dest.remote:
        both = "both are" if src.remote else "neither is"
        raise click.UsageError(f"one of the two is in a container, TASK:PATH, and here {both}")
    if src.path == "-" and dest.path.endswith("/"):
        raise click.UsageError("what comes on stdin has no name: name the file that it becomes")
    if not dest.remote and Path(dest.path).is_dir():
        dest = replace(dest, path=f"{dest.path.rstrip('/')}/")
    return _copied(common, named, container, src, dest.under(src), progress=progress)


def _task(reconciler: Reconciler, common: options.Common, named: str) -> JsonObject:
    """Give the task that is named or chosen. PlanError where nothing can be run in it."""
    from reconciler.core import sessions

    found = choosing.task(reconciler, common, named, running=not named)
    sessions.reachable(found)
    return found


def _run(common: options.Common, named: str, container: str, line: str) -> int:
    plugin = joining.plugin()
    with options.opened(common) as reconciler:
        task = _task(reconciler, common, named)
        name = choosing.container(reconciler, common, task, container)
        session = reconciler.execute(task, name, line)
        return joining.join(reconciler, plugin, session)


def _forwarded(
    common: options.Common,
    named: str,
    container: str,
    *,
    local_port: int,
    port: int,
    host: str,
    short: Forwarding | None,
) -> int:
    from reconciler.core.sessions import Forwarding

    if short is not None and (local_port or port or host):
        raise click.UsageError("-L says all that --local-port, --port and --host say")
    wanted = short or Forwarding(port, local_port, host)
    if not wanted.port:
        raise click.UsageError("which port is to be forwarded? --port, or -L [LOCAL:]HOST:PORT")
    plugin = joining.plugin()
    with options.opened(common) as reconciler:
        task = _task(reconciler, common, named)
        name = choosing.container(reconciler, common, task, container)
        return joining.join(reconciler, plugin, reconciler.forward(task, name, wanted))


def _copied(
    common: options.Common, named: str, container: str, src: Place, dest: Place, *, progress: bool
) -> int:
    from reconciler.cli import copying
    from reconciler.core import transfers

    there = src if src.remote else dest
    named = named if there.task == "_" else there.task
    plugin = joining.plugin()
    with options.opened(common) as reconciler:
        task = _task(reconciler, common, named)
        name = choosing.container(reconciler, common, task, container)
        with _told(there.path, shown=progress) as told:
            if src.remote:
                with copying.written(dest.path) as sink:
                    session = reconciler.execute(task, name, transfers.fetching(src.path))
                    size = copying.fetch(reconciler, plugin, session, sink, told)
            else:
                with copying.read(src.path) as (source, total):
                    session = reconciler.execute(task, name, transfers.storing(dest.path))
                    size = copying.store(reconciler, plugin, session, source, total, told)
        logs.info(f"{size} bytes were copied: {there.path} of {name}.", bytes=size)
    return exits.OK


@contextmanager
def _told(name: str, *, shown: bool) -> Iterator[Told]:
    """Tell on a terminal how far a file has come, on a line that is erased in the end."""
    if not shown or not logs.interactive():
        yield lambda _done, _total: None
        return
    from reconciler.render import texts, transfers

    def tell(done: int, total: int) -> None:
        sys.stderr.write(f"\r\x1b[K{texts.cut(texts.safe(transfers.passed(name, done, total)), 78)}")
        sys.stderr.flush()

    try:
        yield tell
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
