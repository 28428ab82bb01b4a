"""A `session-manager-plugin` that plays both its own part and that of the agent in the container, on this machine.

It says what the real one says, ends where its stdin does (as that does), and runs the command that the sandbox was
asked for as the agent does: split into words, without a shell, behind a pseudo-terminal. What it was given is noted in
FAKE_PLUGIN_NOTES, a JSON object a line; FAKE_PLUGIN_DOES names what it does instead.
"""

from __future__ import annotations

import json
import os
import pty
import select
import shlex
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str]) -> int:
    """Do as it is told. Gives its exit code."""
    if arguments == ["--version"]:
        sys.stdout.write(os.environ.get("FAKE_PLUGIN_VERSION", "1.2.707.0") + "\n")
        return 0
    answer = os.environ.get(arguments[0], arguments[0])
    session = json.loads(answer)["SessionId"]
    with Path(os.environ["FAKE_PLUGIN_NOTES"]).open("a", encoding="utf-8") as notes:
        told = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        notes.write(
            json.dumps({"arguments": list(arguments), "answer": json.loads(answer), "environ": told}) + "\n"
        )
    say(f"\nStarting session with SessionId: {session}\n")
    match os.environ.get("FAKE_PLUGIN_DOES", ""):
        case "exits":
            return 7
        case "interrupts":  # as the terminal does, to all in the foreground; the plugin itself goes on
            os.kill(os.getppid(), signal.SIGINT)
            return 0
        case "waits":  # for the signal to be passed on
            os.kill(os.getppid(), signal.SIGTERM)
            signal.pause()
        case "is left":  # until its stdin ends, at the latest; an interrupt that got lost is sent again
            ended = False
            while not ended:
                os.kill(os.getppid(), signal.SIGINT)
                ended = bool(select.select([0], [], [], 5)[0]) and not os.read(0, 1)
    if "DocumentName" in json.loads(arguments[4]):
        return 0
    if run(command()):
        say(f"\n\nExiting session with sessionId: {session}.\n\n")
    else:
        say("Cannot perform start session: EOF\n")
    return 0


def command() -> list[str]:
    """Give the words of the command that AWS was asked to run last."""
    host, _, port = os.environ["AWS_ENDPOINT_URL"].rpartition("/")[2].partition(":")
    with socket.create_connection(
        (host, int(port))
    ) as sandbox:  # urllib takes longer to import than all else does
        sandbox.sendall(b"GET /_sim/calls HTTP/1.0\r\n\r\n")
        answer = b"".join(iter(lambda: sandbox.recv(65536), b""))
    calls = json.loads(answer.partition(b"\r\n\r\n")[2])["calls"]
    asked = [call["request"]["command"] for call in calls if call["operation"] == "ExecuteCommand"]
    return shlex.split(asked[-1])


def run(words: Sequence[str]) -> bool:
    """Run a command on a terminal of its own; tell whether it ended before stdin did."""
    process, terminal = pty.fork()
    if process == 0:
        os.execvp(words[0], list(words))
    while True:
        ready, _, _ = select.select([0, terminal], [], [])
        if terminal in ready:
            try:
                shown = os.read(terminal, 1024)
            except OSError:  # EIO: nobody holds the other end any more
                shown = b""
            if not shown:
                os.waitpid(process, 0)
                return True
            os.write(1, shown)
        elif not (typed := os.read(0, 1024)):
            return False
        else:
            while typed:
                typed = typed[os.write(terminal, typed) :]


def say(text: str) -> None:
    """Say something, as the plugin does, on stdout."""
    os.write(1, text.encode())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
