"""Running a command against a fresh sandbox, with nothing in its environment that leads to a real account."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from reconciler.sandbox.errors import SandboxError

_LEADS_ELSEWHERE: Final = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_CREDENTIAL_FILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_CA_BUNDLE",
    "BOTO_CONFIG",
)


def environment(endpoint_url: str, caller: Mapping[str, str]) -> dict[str, str]:
    """Give the environment of a command: the caller's, with every way to AWS leading to the sandbox.

    The caller's shared files are replaced by empty ones, because a profile in them may name an endpoint or a
    role; its region is kept.
    """
    kept = {
        name: value
        for name, value in caller.items()
        if name not in _LEADS_ELSEWHERE and not name.startswith("AWS_ENDPOINT_URL")
    }
    region = caller.get("AWS_REGION") or caller.get("AWS_DEFAULT_REGION") or "us-east-1"
    kept |= {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": "SANDBOXACCESSKEY",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_REGION": caller.get("AWS_REGION") or region,
        "AWS_DEFAULT_REGION": caller.get("AWS_DEFAULT_REGION") or region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    proxies = [kept[name] for name in ("no_proxy", "NO_PROXY") if kept.get(name)]
    kept["no_proxy"] = kept["NO_PROXY"] = ",".join([*proxies, "127.0.0.1", "localhost"])
    return kept


def run(command: Sequence[str], endpoint_url: str, caller: Mapping[str, str]) -> int:
    """Run a command to its end and give its exit code; 128+n if signal n ended it, 127 if it is not found.

    Signals to this process reach the command: an interrupt typed at the terminal is sent to both by the
    terminal itself, any other is passed on, and in either case the command decides when the run ends.
    """
    child: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _frame: object) -> None:
        if child and not (number == signal.SIGINT and _from_terminal()):
            child[0].send_signal(number)

    # Python's own handlers are not inherited through exec, so the command starts with the defaults.
    before = {
        number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        try:
            child.append(subprocess.Popen(list(command), env=environment(endpoint_url, caller)))
        except FileNotFoundError:
            raise SandboxError("command not found", command[0]) from None
        except OSError as error:
            raise SandboxError(f"cannot be run: {error.strerror}", command[0]) from None
        status = child[0].wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 128 - status if status < 0 else status


def _from_terminal() -> bool:
    """Tell whether an interrupt came to our whole foreground process group, as one typed at a terminal does."""
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return False
