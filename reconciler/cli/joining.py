"""`session-manager-plugin`, which joins sessions: found, started as the AWS CLI starts it, and left alone by Ctrl-C.

Facts are from aws-cli (`customizations/sessionmanager.py`) and the plugin (its `session.go`): the arguments, the
variable that keeps the token out of the process list, and since which version.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, Final

from reconciler.cli import logs, terminals
from reconciler.errors import AwsError, PlanError
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.api import Reconciler
    from reconciler.core.sessions import Session

NAME: Final = "session-manager-plugin"
VARIABLE: Final = "AWS_SSM_START_SESSION_RESPONSE"
PAGE: Final = "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html"
_LAST_WITHOUT: Final = (1, 2, 497, 0)
"""The last version that takes the answer as an argument alone."""

_VERSION_SECONDS: Final = 20
_END_OF_FILE: Final = b"\x04"
"""What a terminal takes for the end of what is typed (VEOF)."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """The program, and whether it takes the session's token from its environment."""

    path: str
    hides: bool

    def start(
        self,
        session: Session,
        stdin: int | None = None,
        stdout: int | None = None,
        *,
        apart: bool = False,
    ) -> subprocess.Popen[bytes]:
        """Start it. With `apart` Ctrl-C does not reach it. OSError."""
        environ, answer = dict(session.environ), session.response
        if self.hides:
            environ[VARIABLE], answer = answer, VARIABLE
        given = (session.region, "StartSession", session.profile, session.request, session.endpoint)
        return subprocess.Popen(  # noqa: S603 - what it is given is not the user's
            [self.path, answer, *given], env=environ, stdin=stdin, stdout=stdout, start_new_session=apart
        )


def plugin() -> Plugin:
    """Find the plugin. PlanError where it is not there or does not run: before anything is asked of AWS."""
    path = shutil.which(NAME)
    if path is None:
        raise PlanError(
            f"{NAME} is not on the PATH: it joins sessions in containers", hint=f"install it: {PAGE}"
        )
    try:
        done = subprocess.run(  # noqa: S603 - found on the PATH, as the AWS CLI finds it
            [path, "--version"],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_VERSION_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        why = error.strerror if isinstance(error, OSError) else "it does not end"
        raise PlanError(f"{path} cannot be run: {why}", hint=f"install it anew: {PAGE}") from error
    return Plugin(path, hides=hides(done.stdout))


def hides(version: str) -> bool:
    """Tell whether a version takes the answer from its environment. One that cannot be read does not."""
    found = re.fullmatch(r"\d+(?:\.\d+){0,3}", version.strip())
    numbers = [int(number) for number in version.strip().split(".")] if found else []
    return (*numbers, 0, 0, 0, 0)[:4] > _LAST_WITHOUT


def join(reconciler: Reconciler, plugin: Plugin, session: Session) -> int:
    """Join a session, and stay until it is over; give the plugin's exit code, or 128 and its signal.

    While it runs, what is typed is its own, Ctrl-C too. Without a terminal it gets what comes on stdin, and then its
    end: at the end of a file of its own it would end the session. PlanError where it cannot be started.
    """
    typed = sys.stdin.isatty()
    with terminals.kept(0), _left_alone() as is_started:
        with ended_unless_started(reconciler, session):
            started = plugin.start(session, None if typed else subprocess.PIPE)
        is_started(started)
        if not typed:
            threading.Thread(target=_pass_on, args=(started,), name="stdin", daemon=True).start()
        code = started.wait()
    if code < 0:
        end(reconciler, session)
    return code if code >= 0 else 128 - code


def end(reconciler: Reconciler, session: Session) -> None:
    """End a session that nobody joins any more. Where that fails, AWS does once it has been idle for a while."""
    try:
        reconciler.end_session(session)
    except AwsError as error:
        logs.warning(f"the session {session.id} could not be ended, and ends by itself: {error}")


@contextmanager
def ended_unless_started(reconciler: Reconciler, session: Session) -> Iterator[None]:
    """End the session where the plugin is not started in the block. PlanError where it cannot be."""
    try:
        yield
    except KeyboardInterrupt:
        end(reconciler, session)
        raise
    except OSError as error:
        end(reconciler, session)
        raise PlanError(
            f"{NAME} cannot be started: {error.strerror}", hint=f"install it anew: {PAGE}"
        ) from error


@contextmanager
def _left_alone() -> Iterator[Callable[[subprocess.Popen[bytes]], None]]:
    """Leave what the keyboard sends to a process, once it is told of; SIGTERM is passed on to it.

    The signals are caught and not ignored: a process would inherit that they are.
    """
    started: list[subprocess.Popen[bytes]] = []
    early: list[int] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        early.append(number)
        for each in started:
            each.send_signal(number)

    def leave(_number: int, _frame: FrameType | None) -> None:
        """Do nothing: the process gets the signal too, from the terminal."""

    def is_started(process: subprocess.Popen[bytes]) -> None:
        started.append(process)
        for number in early:
            process.send_signal(number)

    if threading.current_thread() is not threading.main_thread():
        yield is_started
        return
    names = ("SIGINT", "SIGQUIT", "SIGTSTP")
    handlers = dict.fromkeys((getattr(signal, name) for name in names if hasattr(signal, name)), leave)
    before = {
        each: signal.signal(each, handler) for each, handler in {**handlers, signal.SIGTERM: pass_on}.items()
    }
    try:
        yield is_started
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _pass_on(plugin: subprocess.Popen[bytes]) -> None:
    """Pass on what comes on stdin, and say at its end that nothing more will; the pipe stays open until all is over."""
    assert plugin.stdin is not None
    last = b"\n"
    with suppress(BrokenPipeError), plugin.stdin as pipe:
        while found := _come():
            pipe.write(found)
            pipe.flush()
            last = found[-1:]
        # In the middle of a line the first one only sends what stands there (termios(3), VEOF), and a shell that has
        # met the end there runs the line, and reads on.
        pipe.write(_END_OF_FILE if last == b"\n" else _END_OF_FILE * 3)
        pipe.flush()
        plugin.wait()


def _come() -> bytes:
    """Read what has come on stdin; nothing at its end, or where there is none."""
    try:
        return os.read(0, 1024)
    except OSError:
        return b""
