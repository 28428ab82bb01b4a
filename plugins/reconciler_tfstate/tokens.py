"""Tokens for hosts of HCP Terraform, where Terraform itself looks for them.

In this order: ``TF_TOKEN_app_terraform_io`` (in the name ``_`` stands for a dot and ``__`` for a hyphen), ``TFE_TOKEN``
as for the peer, ``credentials`` blocks of the CLI's configuration, ``credentials.tfrc.json`` of ``terraform login``.
Credentials helpers are programs and are not run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

_PREFIX = "TF_TOKEN_"

#: The CLI's configuration is HCL 1, in which lines mean less: nothing else of it has to be understood.
_BLOCK = re.compile(r'^[ \t]*credentials[ \t]+"(?P<host>[^"\n]+)"[ \t\n]*\{(?P<body>[^{}]*)\}', re.MULTILINE)
_TOKEN = re.compile(r'^[^#/\n]*\btoken[ \t]*=[ \t]*"(?P<token>[^"\\\n]*)"', re.MULTILINE)


def variable(host: str) -> str:
    """Give the variable that holds a host's token."""
    return _PREFIX + host.replace("-", "__").replace(".", "_")


def find(host: str, environ: Mapping[str, str]) -> str:
    """Give a host's token; empty where there is none."""
    for name, value in environ.items():
        if name.startswith(_PREFIX) and value:
            encoded = name.removeprefix(_PREFIX)
            decoded = encoded.replace("__", "-").replace("_", ".")
            if host.lower() in {decoded.lower(), encoded.lower()}:
                return value
    if environ.get("TFE_TOKEN"):
        return environ["TFE_TOKEN"]
    return next((token for block in _credentials(environ) if (token := _token(block, host))), "")


def _token(credentials: object, host: str) -> str:
    if not isinstance(credentials, dict):
        return ""
    for name, block in credentials.items():
        if name.lower() == host.lower() and isinstance(block, dict) and isinstance(block.get("token"), str):
            return str(block["token"])
    return ""


def _configured(text: str) -> Iterator[object]:
    """Read the CLI's configuration, in HCL 1 or JSON. ValueError or RecursionError where it is no JSON."""
    if text.lstrip().startswith("{"):
        document = json.loads(text)
        found = document.get("credentials")
        yield from found if isinstance(found, list) else [found]
    for block in _BLOCK.finditer(text):
        token = _TOKEN.search(block["body"])
        yield {block["host"]: {"token": token["token"]}} if token else {}


def _credentials(environ: Mapping[str, str]) -> Iterator[object]:
    """Give ``{host: {token}}`` of every file; one that cannot be read or is wrong says nothing."""
    home = environ.get("HOME") or environ.get("USERPROFILE") or ""
    named = environ.get("TF_CLI_CONFIG_FILE") or environ.get("TERRAFORM_CONFIG")
    configs = [Path(named)] if named else [Path(home, ".tofurc"), Path(home, ".terraformrc")] if home else []
    for path in configs:
        with suppress(OSError, ValueError, RecursionError):
            yield from _configured(path.read_text("utf-8-sig"))
    for folder in (".terraform.d", ".config/opentofu", ".tofu.d") if home else ():
        with suppress(OSError, ValueError, RecursionError):
            document = json.loads(Path(home, folder, "credentials.tfrc.json").read_text())
            if isinstance(document, dict):
                yield document.get("credentials")
