"""What many projects cost in one process, against a run each and against the fewest calls that can do.

::

    python benchmarks/fleet.py [--services 200] [--clusters 5] [--latency 60] [--single 10] [--rounds 3]

Projects are copies of the example, whose services run as their files say, all with one Terraform state. The sandbox
runs in a process of its own and adds the latency to every call. Single runs are `--single` of the projects, one after
the other, and counted up to all of them. The fewest calls: a description of ten services, a revision of each, and the
account.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    """What a run took: seconds on the wall and of CPU, MB at its largest, and calls."""

    wall: float
    cpu: float
    memory: float
    calls: int


def lay_out(folder: Path, services: int, clusters: int) -> None:
    """Write projects, their state and the seed of a sandbox in which all of them run."""
    text = SEED.read_text()
    seed = json.loads(text)
    definition, service = seed["task_definitions"][0], seed["services"][0]
    seed["clusters"] = [f"cluster{number}" for number in range(clusters)]
    seed["task_definitions"], seed["services"] = [], []
    shutil.copy(ARTICLE / "terraform.tfstate", folder)
    for number in range(services):
        name, family, cluster = f"svc{number}", f"fam{number}", f"cluster{number % clusters}"
        own = folder / f"services/s{number:04}"
        own.mkdir(parents=True)
        own.joinpath("reconciler.yml").write_text(
            f"region: {REGION}\ncluster: {cluster}\nservice: {name}\nservice_definition: service.json\n"
            "task_definition: task.json\nplugins:\n  - name: tfstate\n    config: {path: ../../terraform.tfstate}\n"
        )
        shutil.copy(ARTICLE / "ecs-service-def.json", own / "service.json")
        task = (ARTICLE / "ecs-task-def.json").read_text()
        own.joinpath("task.json").write_text(task.replace("test-httpd", family))
        seed["task_definitions"].append(json.loads(json.dumps(definition).replace("test-httpd", family)))
        moved = json.loads(json.dumps(service).replace("test-httpd", family))
        seed["services"].append(moved | {"serviceName": name, "cluster": cluster})
    (folder / "seed.json").write_text(json.dumps(seed))


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


def run(endpoint: str, folder: Path, command: Sequence[str], environ: dict[str, str]) -> Run:
    """Run a command; whatever it prints but no changes is a fault of the benchmark."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    calls = len(control(endpoint, "calls")["calls"])
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode or " to change" in done.stdout:
        sys.exit(f"{' '.join(command)} gave {done.returncode}:\n{done.stdout}{done.stderr}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(wall, cpu, after.ru_maxrss / 1024, len(control(endpoint, "calls")["calls"]) - calls)


def main() -> None:
    """Measure, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--services", type=int, default=200)
    parser.add_argument("--clusters", type=int, default=5)
    parser.add_argument("--latency", type=int, default=60, help="milliseconds added to each call")
    parser.add_argument("--single", type=int, default=10, help="projects that are planned for themselves")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        lay_out(folder, given.services, given.clusters)
        with serving(folder, given.latency) as endpoint:
            environ = {
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("AWS_", "RECONCILER_"))
            }
            environ |= {
                "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_ENDPOINT_URL": endpoint,
                "IMAGE_TAG": "2.4.61", "XDG_CACHE_HOME": str(folder / "cache"), "HOME": temporary,
            }  # fmt: skip
            report(given, folder, endpoint, environ)


def report(given: argparse.Namespace, folder: Path, endpoint: str, environ: dict[str, str]) -> None:
    """Run everything and print what it took."""
    together = [run(endpoint, folder, [COMMAND, "plan", "."], environ) for _ in range(given.rounds + 1)]
    cold, warm = together[0], together[1:]
    single = [
        run(endpoint, folder / f"services/s{number:04}", [COMMAND, "plan"], environ)
        for _ in range(2)
        for number in range(given.single)
    ][given.single :]
    many = given.services / given.single
    wall = statistics.median(each.wall for each in warm)
    cpu = statistics.median(each.cpu for each in warm)
    alone, alone_cpu = sum(each.wall for each in single) * many, sum(each.cpu for each in single) * many
    per = -(-given.services // given.clusters)
    floor = given.clusters * -(-per // 10) + given.services + 1
    print(f"{given.services} services in {given.clusters} clusters, {given.latency} ms a call\n")
    print("| | wall, s | CPU, s | memory, MB | calls |\n|---|---|---|---|---|")
    print(f"| together, cold | {cold.wall:.2f} | {cold.cpu:.2f} | {cold.memory:.0f} | {cold.calls} |")
    print(f"| together, warm | {wall:.2f} | {cpu:.2f} | {warm[-1].memory:.0f} | {warm[-1].calls} |")
    calls = sum(each.calls for each in single) * many
    print(f"| one by one, warm (of {given.single}) | {alone:.1f} | {alone_cpu:.1f} | | {calls:.0f} |")
    print("\n| ratio | measured | aim |\n|---|---|---|")
    print(f"| one by one ÷ together, wall, warm | {alone / wall:.1f} | ≥ 20 |")
    print(f"| one by one ÷ together, CPU, warm | {alone_cpu / cpu:.1f} | |")
    print(f"| calls, cold ÷ the fewest ({floor}) | {cold.calls / floor:.2f} | ≤ 1.1 |")


if __name__ == "__main__":
    main()
