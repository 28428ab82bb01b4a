"""The ecspresso projects of the corpus, laid out as in their repositories, with resolvers that make answers up.

What they import or refer to is not in the corpus. Resolvers have the real plugins' functions, and answer each address
with a text made of it; environment variables have a value made of their name.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import reconciler_ssm
import reconciler_tfstate
from reconciler.api import Project
from reconciler.plugin import Address, Config, Context, Resolver, ResolverPlugin, Value
from reconciler.resolve.entrypoints import EntryPoint
from tests.corpus import files
from tests.corpus.files import File
from tests.corpus.simulated import CLUSTER, REGION

ALONE = "reconciler.yml"
"""The project file that is written around a service definition which stands alone."""

# What the repositories hold and the corpus does not.
_BESIDE = {
    "github.com/Aton-Kish/ecs-blue-green-deployment": {
        "cdk.json": json.dumps({
            "context": {
                "serviceName": "made-up",
                "application": {"port": 80},
                "network": {"privateSubnetCidrBlocks": ["a", "b"]},
            }
        }),
    },
}  # fmt: skip

# Its files are of two commits: the older one of the project file names no plugin yet.
_PLUGINS_TO_ADD = {"github.com/celeron1ghz/ecs-with-nano-instance": "\nplugins: [{name: tfstate}]\n"}

_ENV = re.compile(r"\b(?:must_)?env\s+`(\w+)`")


class MadeUp:
    """Answers every address with a text made of its path."""

    def lookup(self, address: Address, /) -> Value:
        return Value(re.sub(r"[^A-Za-z0-9]+", "-", address.path).strip("-"))


def _open(_context: Context, _config: Config) -> Resolver:
    return MadeUp()


tfstate = dataclasses.replace(reconciler_tfstate.plugin, open=_open)
ssm = dataclasses.replace(reconciler_ssm.plugin, open=_open)
secretsmanager = ResolverPlugin(open=_open)


def resolvers(installed: Mapping[str, EntryPoint]) -> Mapping[str, EntryPoint]:
    """Put the made-up resolvers into the place of those that would ask somebody."""
    made_up = {
        name: EntryPoint(name, f"{__name__}:{name}", "made up", always=name == "ssm")
        for name in ("tfstate", "ssm", "secretsmanager")
    }
    return {**installed, **made_up}


class Laid(NamedTuple):
    """A project in a folder: its project file, and the environment that it is evaluated in."""

    path: Path
    environ: Mapping[str, str]

    def load(self) -> Project:
        return Project.load(self.path, environ=self.environ)


def lay(file: File, folder: Path) -> Laid:
    """Lay the repository of a project file, or of a definition that gets one, out in a folder."""
    environ: dict[str, str] = {}
    for other in files.index():
        if other.repository == file.repository:
            place = folder / other.place
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(other.text())
            environ |= {name: _variable(name) for name in _ENV.findall(other.text())}
    for name, text in _BESIDE.get(file.repository, {}).items():
        (folder / name).write_text(text)
    path = folder / file.place
    if file.kind == "ecspresso_config":
        with path.open("a") as opened:
            opened.write(_PLUGINS_TO_ADD.get(file.repository, ""))
        return Laid(path, environ)
    member = "task_definition" if file.kind == "ecspresso_task_def" else "service_definition"
    return Laid(alone(folder, **{member: file.place}), environ)


def alone(folder: Path, **members: str) -> Path:
    """Write a project file around definition files, and give it."""
    path = folder / ALONE
    service = {"service": "web"} if "service_definition" in members else {}
    plugins = {"plugins": [{"name": "tfstate"}]}
    path.write_text(json.dumps({"region": REGION, "cluster": CLUSTER} | service | plugins | members))
    return path


def _variable(name: str) -> str:
    told = {"ECS_ARCH": "ARM64", "MASTER_ECS_DESIRED_COUNT": files.NUMBER}
    return told.get(name, name.lower().replace("_", "-"))
