"""Files over a session that `session-manager-plugin` joins: what passes is in `core.transfers`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, Final, TypeAlias

from reconciler.cli import joining, logs
from reconciler.core import transfers
from reconciler.core.transfers import Ack, Done, Reader, Ready
from reconciler.errors import PlanError

if TYPE_CHECKING:
    from reconciler.api import Reconciler
    from reconciler.cli.joining import Plugin
    from reconciler.core.sessions import Session

Told = Callable[[int, int], None]
"""Is told how many bytes have passed, and of how many: 0 where that is unknown."""

Event: TypeAlias = Ready | Ack | Done | bytes

_PART: Final = 1 << 16
_OVER_SECONDS: Final = 20
"""How long a session may take to close once all has passed."""

# What the plugin says of itself (`session.go`, `streaming.go`).
_CHATTER: Final = ("Starting session with SessionId", "Exiting session with sessionId")


def fetch(reconciler: Reconciler, plugin: Plugin, session: Session, sink: BinaryIO, told: Told) -> int:
    """Write a file of the container to a stream; give its length. PlanError where not all of it came."""
    with _joined(reconciler, plugin, session) as process:
        count, total, reader = transfers.Sum(), 0, Reader(fetches=True)
        for event in _heard(process, reader):
            match event:
                case Ready():
                    total = event.size
                case bytes():
                    count.add(event)
                    sink.write(event)
                    told(count.size, total)
                case Done():
                    count.check(event)
                    return count.size
        raise _cut_off(reader)


def store(
    reconciler: Reconciler, plugin: Plugin, session: Session, source: BinaryIO, total: int, told: Told
) -> int:
    """Write a stream to a file of the container; give its length. PlanError where not all of it came."""
    with _joined(reconciler, plugin, session) as process:
        count, reader = transfers.Sum(), Reader(fetches=False)
        events = _heard(process, reader)
        if not isinstance(_next(events, Ready), Ready):
            raise _cut_off(reader)
        try:
            for _ in _sent(process, events, reader, _parts(source, count)):
                told(count.size, total)
            done = _next(events, Done)
            if not isinstance(done, Done):
                raise _cut_off(reader)
            count.check(done)
        except (KeyboardInterrupt, PlanError):
            logs.warning("The file in the container is not whole.")
            raise
        return count.size


def _sent(
    process: subprocess.Popen[bytes], events: Iterator[Event], reader: Reader, parts: Iterable[bytes]
) -> Iterator[None]:
    """Send a file, frame by frame, and never more of it ahead than may be under way."""
    under_way = 0
    for frame in transfers.framed(parts):
        _send(process, frame, reader)
        under_way += 1
        yield
        if under_way >= transfers.WINDOWS:
            early = _next(events, Ack, Done)
            if not isinstance(early, Ack):
                raise _refused(early, reader)
            under_way -= 1
    _send(process, transfers.END, reader)


@contextmanager
def written(path: str) -> Iterator[BinaryIO]:
    """Give what to write a file here to, ``-`` for stdout: it takes its name once all is there. PlanError."""
    if path == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    whole = Path(path).resolve()
    straight = whole.exists() and not whole.is_file()  # such as /dev/null
    place = whole if straight else whole.with_name(f".{whole.name}.part")
    try:
        with place.open("wb") as sink:
            yield sink
        if not straight:
            place.replace(whole)
    except OSError as error:
        raise PlanError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        if not straight:
            place.unlink(missing_ok=True)


@contextmanager
def read(path: str) -> Iterator[tuple[BinaryIO, int]]:
    """Give what to read a file here from, ``-`` for stdin, and its length, 0 where that is unknown. PlanError."""
    if path == "-":
        yield sys.stdin.buffer, 0
        return
    try:
        with Path(path).open("rb") as source:
            yield source, os.fstat(source.fileno()).st_size
    except OSError as error:
        raise PlanError(f"{path} cannot be read: {error.strerror}") from error


def _parts(source: BinaryIO, count: transfers.Sum) -> Iterator[bytes]:
    while part := source.read(_PART):
        count.add(part)
        yield part


@contextmanager
def _joined(reconciler: Reconciler, plugin: Plugin, session: Session) -> Iterator[subprocess.Popen[bytes]]:
    """Join a session by pipes, and end it with the block. Ctrl-C is ours here: the file is not whole then."""
    with joining.ended_unless_started(reconciler, session):
        process = plugin.start(session, subprocess.PIPE, subprocess.PIPE, apart=True)
    whole = False
    try:
        yield process
        whole = True
    finally:
        try:
            process.wait(_OVER_SECONDS if whole else 0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            joining.end(reconciler, session)
        for pipe in (process.stdin, process.stdout):
            _close(pipe)


def _close(pipe: IO[bytes] | None) -> None:
    try:
        if pipe is not None:
            pipe.close()
    except BrokenPipeError:  # what was still to be sent, nobody reads any more
        return


def _heard(process: subprocess.Popen[bytes], reader: Reader) -> Iterator[Event]:
    """Give what the container says until the plugin says no more."""
    assert process.stdout is not None
    while shown := os.read(process.stdout.fileno(), _PART):
        yield from reader.feed(shown)


def _next(events: Iterator[Event], *wanted: type[Ready | Ack | Done]) -> Ready | Ack | Done | None:
    """Give the next of the events that are wanted; None where there is none any more."""
    return next((event for event in events if isinstance(event, wanted)), None)


def _send(process: subprocess.Popen[bytes], frame: bytes, reader: Reader) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(frame)
        process.stdin.flush()
    except OSError as error:
        raise _cut_off(reader) from error


def _refused(early: Ready | Ack | Done | None, reader: Reader) -> PlanError:
    """Say why the container takes no more."""
    if isinstance(early, Done):
        return PlanError(f"`base64` failed in the container, with exit code {early.status}: {_said(reader)}")
    return _cut_off(reader)


def _cut_off(reader: Reader) -> PlanError:
    return PlanError(
        f"the session ended before the file had passed: {_said(reader)}",
        hint="the container needs `sh`, `base64`, `head` and `wc`",
    )


def _said(reader: Reader) -> str:
    said = [line for line in reader.said if not line.startswith(_CHATTER)]
    return "; ".join(said) or "it said nothing"
