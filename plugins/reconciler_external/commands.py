"""Running a command: what it prints on stdout is the value, and on stderr why it failed. Each has a limit."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Final

from reconciler.plugin import (
    Address,
    Denied,
    Json,
    NotFound,
    Remembering,
    Source,
    Unavailable,
    Value,
    secret_member,
    secret_paths,
    secret_value,
)
from reconciler_external import configs
from reconciler_external.configs import Settings

LIMIT: Final = 4 << 20  # bytes of output
_SAID: Final = 600  # characters of stderr in a message
_GRACE: Final = 5.0  # seconds between asking a command to end and ending it, as the peer has it


class CommandResolver(Remembering):
    """Answers addresses by running a command."""

    def __init__(self, settings: Settings, root: Path, environ: Mapping[str, str]) -> None:
        """Run it in the environment of the run. Nothing runs yet."""
        super().__init__()
        self._settings = settings
        self._folder = None if settings.folder is None else root / settings.folder
        self._environ = dict(environ)

    def read(self, address: Address, /) -> Value:
        """Give what the command prints for an address's arguments."""
        settings = self._settings
        try:
            given = configs.arguments(address.path)
        except ValueError:
            raise NotFound(f"{address.path} are no arguments", hint="quote them as for a shell") from None
        output = self._run([*settings.command, *given])
        text = output.decode(errors="replace")
        data: Json = text.strip() if settings.trim else text
        if settings.parser == "json":
            data = self._json(text)
        named = settings.sensitive is None and secret_value(settings.name, data)
        hidden = ((),) if settings.sensitive or named else secret_paths(data)
        return Value(data, hidden, source=Source(settings.command[0]))

    def _run(self, command: list[str]) -> bytes:
        try:
            process = subprocess.Popen(  # noqa: S603 - the project file's own command
                command,
                cwd=self._folder,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except FileNotFoundError:
            if self._folder is not None and not self._folder.is_dir():
                raise Unavailable(
                    f"there is no folder {self._folder}", hint="correct dir of the plugin"
                ) from None
            hint = f"install it, or correct the command of {self._settings.name} in the project file"
            raise Unavailable(f"there is no command {command[0]}", hint=hint) from None
        except PermissionError:
            raise Denied(
                f"{command[0]} may not be run", hint=f"chmod +x {command[0]}, or correct it"
            ) from None
        except OSError as error:
            raise Unavailable(f"{command[0]} cannot be run: {error.strerror}") from None
        return self._output(process)

    def _output(self, process: subprocess.Popen[bytes]) -> bytes:
        """Wait for the command. Unavailable where it fails, takes too long or prints too much."""
        assert process.stdout is not None
        assert process.stderr is not None
        output = _Pipe(process.stdout, process.terminate)
        errors = _Pipe(process.stderr, process.terminate)
        late = False
        try:
            process.wait(self._settings.timeout)
        except subprocess.TimeoutExpired:
            late = True
        finally:
            _end(process)
            # A process that it left behind may hold the pipes open. What was late is no value anyway.
            read, said = output.taken(0.0 if late else _GRACE), errors.taken(0.0 if late else 1.0)
        name = self._settings.name
        if late:
            hint = "raise timeout of the plugin, or see why the command hangs"
            raise Unavailable(f"{name} did not end within {self._settings.timeout:g} seconds", hint=hint)
        if max(len(read), len(said)) > LIMIT:
            raise Unavailable(f"{name} printed more than {LIMIT >> 20} MiB", hint=self._by_hand())
        if process.returncode:
            raise Unavailable(f"{name} {_ending(process.returncode)}{self._said(said)}", hint=self._by_hand())
        return read

    def _said(self, errors: bytes) -> str:
        settings = self._settings
        if settings.sensitive or (settings.sensitive is None and secret_member(settings.name)):
            return ", and what it says of it is withheld, as its output is sensitive" if errors else ""
        text = " ".join(errors.decode(errors="replace").split())
        shown = text if len(text) <= _SAID else f"…{text[-_SAID:]}"
        return f": {shown}" if shown else " and says nothing of it"

    def _by_hand(self) -> str:
        # Not the whole command: a secret may have gone into it in the project file.
        return f"run it by itself to see why: {self._settings.command[0]} …"

    def _json(self, text: str) -> Json:
        name = self._settings.name
        if not (text := text.lstrip()):
            raise NotFound(f"{name} printed nothing", hint="parser: string takes nothing as an empty text")
        try:
            # What follows the first value is passed over, as by the peer.
            data: Json = json.JSONDecoder(parse_constant=_no_number).raw_decode(text)[0]
        except (ValueError, RecursionError) as error:
            at = f", at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
            hint = "have it print JSON, or write parser: string"
            raise Unavailable(f"what {name} printed is no JSON{at}", hint=hint) from None
        return data


class _Pipe:
    """What a process writes into a pipe, read as it comes; once it is too much, `full` is called, and it is closed."""

    def __init__(self, stream: IO[bytes], full: Callable[[], None]) -> None:
        self._stream = stream
        self._full = full
        self._read = bytearray()
        self._thread = threading.Thread(target=self._drain, daemon=True)
        self._thread.start()

    def _drain(self) -> None:
        with self._stream:
            while piece := os.read(self._stream.fileno(), 1 << 16):
                self._read += piece
                if len(self._read) > LIMIT:
                    self._full()
                    return

    def taken(self, grace: float) -> bytes:
        """Give what was read by the end of the process, or within some seconds of it."""
        self._thread.join(grace)
        return bytes(self._read)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process that still runs."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _ending(code: int) -> str:
    return f"ended with exit code {code}" if code > 0 else f"was ended by signal {-code}"


def _no_number(name: str) -> Json:
    raise ValueError(f"{name} is no JSON")
