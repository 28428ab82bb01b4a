"""What many projects cost in one process, against a run each and against the fewest calls that can do.

::

    python benchmarks/fleet.py [--services 10,200,2000] [--clusters 5] [--latency 60] [--single 10] [--rounds 3]
        [--throttled]

Projects are copies of the example, whose services run as their files say, all with one Terraform state. The sandbox
runs in a process of its own and adds the latency to every call; `--throttled` has it refuse calls at the rates that AWS
documents for ECS. Cold is the first plan of all projects, with nothing of them in the user's cache folder; warm the
median of the next ones. Single runs are `--single` of the projects, one after the other, each the second of its
project, and counted up to all of them. The fewest calls: a description of ten services, a revision of each where none
is remembered, and the account. A sandbox's revisions are remembered only by request: ``RECONCILER_REMEMBER``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from reconciler.throttles import DOCUMENTED

ROOT = Path(__file__).parent.parent
COMMAND = str(Path(sys.executable).with_name("reconciler"))
ARTICLE = ROOT / "fixtures/examples/article"
SEED = ROOT / "fixtures/cli/running.json"
REGION = "ap-northeast-1"
SERVE = """
import json, sys
from reconciler import sandbox
with sandbox.serving(seed=json.load(open(sys.argv[1])), speed=1) as server:
    print(server.endpoint_url, flush=True)
    sys.stdin.read()
"""


@dataclass(frozen=True)
class Run:
    """What a run took: seconds on the wall and of CPU, MB at its largest, calls, and how many of these were refused."""

    wall: float
    cpu: float
    memory: float
    calls: float
    throttled: float


@dataclass(frozen=True)
class Scene:
    """Projects in a folder, the sandbox that holds their services, and the environment to run in."""

    services: int
    clusters: int
    folder: Path
    endpoint: str
    environ: dict[str, str]

    def fewest(self, *, remembered: bool) -> int:
        """Give the fewest calls that a plan of all can do with."""
        a_cluster = -(-self.services // self.clusters)
        return self.clusters * -(-a_cluster // 10) + 1 + (0 if remembered else self.services)


@dataclass(frozen=True)
class Laid:
    """A copy of the example: its project file, what its service and its family are called, further settings."""

    file: str
    service: str
    family: str
    cluster: str
    settings: str = ""


def lay_out(folder: Path, services: int, clusters: int) -> dict[str, Any]:
    """Write projects and their state; give the seed of a sandbox in which all of them run."""
    return write(
        folder,
        [
            Laid(
                f"services/s{number:04}/reconciler.yml",
                f"svc{number}",
                f"fam{number}",
                f"cluster{number % clusters}",
            )
            for number in range(services)
        ],
    )


def write(folder: Path, projects: Iterable[Laid]) -> dict[str, Any]:
    """Write these projects, each two folders below, and their state; give the seed in which all of them run."""
    seed: dict[str, Any] = json.loads(SEED.read_text())
    definition, service = seed["task_definitions"][0], seed["services"][0]
    seed |= {"clusters": [], "task_definitions": [], "services": []}
    shutil.copy(ARTICLE / "terraform.tfstate", folder)
    for each in projects:
        file = folder / each.file
        file.parent.mkdir(parents=True)
        file.write_text(
            f"region: {REGION}\ncluster: {each.cluster}\nservice: {each.service}\n"
            "service_definition: service.json\ntask_definition: task.json\n"
            f"plugins:\n  - name: tfstate\n    config: {{path: ../../terraform.tfstate}}\n{each.settings}"
        )
        shutil.copy(ARTICLE / "ecs-service-def.json", file.with_name("service.json"))
        task = (ARTICLE / "ecs-task-def.json").read_text()
        file.with_name("task.json").write_text(task.replace("test-httpd", each.family))
        seed["clusters"] += [] if each.cluster in seed["clusters"] else [each.cluster]
        seed["task_definitions"].append(json.loads(json.dumps(definition).replace("test-httpd", each.family)))
        moved = json.loads(json.dumps(service).replace("test-httpd", each.family))
        seed["services"].append(moved | {"serviceName": each.service, "cluster": each.cluster})
    return seed


@contextmanager
def serving(folder: Path, latency: int) -> Iterator[str]:
    """Serve the sandbox; give its address."""
    server = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(folder / "seed.json")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    endpoint = server.stdout.readline().strip()
    control(endpoint, "latency", {"milliseconds": latency})
    try:
        yield endpoint
    finally:
        server.kill()
        server.wait()


def control(endpoint: str, name: str, body: dict[str, Any] | None = None) -> Any:
    """Ask the sandbox's remote control."""
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(f"{endpoint}/_sim/{name}", data) as answer:
        return json.load(answer)


def run(scene: Scene, folder: Path, command: Sequence[str]) -> Run:
    """Run a command; whatever it prints but no changes is a fault of the benchmark."""
    before = len(control(scene.endpoint, "calls")["calls"])
    with tempfile.TemporaryFile("w+") as said:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=scene.environ, stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read()
    if process.returncode or " to change" in text:
        sys.exit(f"{' '.join(command)} gave {process.returncode}:\n{text}")
    calls = control(scene.endpoint, "calls")["calls"][before:]
    throttled = sum("Throttling" in str(call.get("error", "")) for call in calls)
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, len(calls), throttled)


def median(runs: Sequence[Run]) -> Run:
    """Give the median of each figure."""
    return Run(*(statistics.median(getattr(each, field.name) for each in runs) for field in fields(Run)))


def main() -> None:
    """Measure, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--services", default="200", help="how many; of several numbers each has its rows")
    parser.add_argument("--clusters", type=int, default=5)
    parser.add_argument("--latency", type=int, default=60, help="milliseconds added to each call")
    parser.add_argument("--single", type=int, default=10, help="projects that are planned for themselves")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--throttled", action="store_true", help="refuse calls at the rates that AWS documents"
    )
    given = parser.parse_args()
    print(f"{given.latency} ms a call, {given.clusters} clusters\n")
    print(
        "| services | | wall, s | CPU, s | CPU a service, ms | memory, MB | calls | the fewest | throttled |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    told = []
    for services in map(int, given.services.split(",")):
        with staged(services, given) as scene:
            told.append(report(given, scene))
    print("\n" + "\n".join(filter(None, told)))


@contextmanager
def staged(services: int, given: argparse.Namespace) -> Iterator[Scene]:
    """Lay out projects, and serve what they run as."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "seed.json").write_text(json.dumps(lay_out(folder, services, given.clusters)))
        with serving(folder, given.latency) as endpoint:
            if given.throttled:
                control(endpoint, "limits", DOCUMENTED)
            environ = {
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("AWS_", "RECONCILER_"))
            }
            environ |= {
                "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_ENDPOINT_URL": endpoint,
                "IMAGE_TAG": "2.4.61", "XDG_CACHE_HOME": str(folder / "cache"), "HOME": temporary,
                "RECONCILER_REMEMBER": "anywhere",
            }  # fmt: skip
            yield Scene(services, given.clusters, folder, endpoint, environ)


def report(given: argparse.Namespace, scene: Scene) -> str:
    """Run everything and print what it took; give the ratios."""
    many = [COMMAND, "plan", "."]
    # What belongs to no project (API models, installed plugins) is in the cache before anything is measured.
    run(scene, scene.folder / "services/s0000", [COMMAND, "plan"])
    cold = run(scene, scene.folder, many)
    warm = median([run(scene, scene.folder, many) for _ in range(given.rounds)])
    row(scene, "together, cold", cold, scene.fewest(remembered=False))
    row(scene, "together, warm", warm, scene.fewest(remembered=True))
    count = min(given.single, scene.services)
    if not count:
        return ""
    single = [
        run(scene, scene.folder / f"services/s{number:04}", [COMMAND, "plan"])
        for _ in range(2)
        for number in range(count)
    ][count:]
    times = scene.services / count
    alone = Run(
        sum(each.wall for each in single) * times,
        sum(each.cpu for each in single) * times,
        max(each.memory for each in single),
        sum(each.calls for each in single) * times,
        sum(each.throttled for each in single),
    )
    row(scene, f"one by one (of {count})", alone, None)
    return (
        f"{scene.services:,} services: one by one ÷ warm {alone.wall / warm.wall:.1f} on the wall, "
        f"{alone.cpu / warm.cpu:.1f} of CPU; one by one ÷ cold {alone.wall / cold.wall:.1f}; "
        f"calls, cold ÷ the fewest {cold.calls / scene.fewest(remembered=False):.2f}"
    )


def row(scene: Scene, name: str, took: Run, fewest: int | None) -> None:
    """Print a row of the table."""
    each = took.cpu / scene.services * 1000
    print(
        f"| {scene.services:,} | {name} | {took.wall:.1f} | {took.cpu:.1f} | {each:.1f} | {took.memory:.0f} "
        f"| {took.calls:,.0f} | {'' if fewest is None else f'{fewest:,}'} | {took.throttled:.0f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
