"""How long a command takes from nothing: ratios of medians, measured interleaved in fresh processes.

::

    python benchmarks/cold_start.py [--rounds 15] [--example fixtures/examples/article]

Against the sandbox, in a process of its own, at 0 and at 60 ms added to every call:

plan      `reconciler plan` of the unchanged example ÷ a plain boto3 script that makes the same reads, one
          after the other (the reads are those that the sandbox saw)
reads     three reads side by side through `reconciler.aws` ÷ the same by plain boto3, one after the other
version   `reconciler --version` ÷ `python -c pass`

Ratios compare between machines; milliseconds do not.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

Call: TypeAlias = "tuple[str, str, dict[str, Any]]"

ROOT = Path(__file__).parent.parent
COMMAND = [str(Path(sys.executable).with_name("reconciler"))]
LATENCIES = (0, 60)
TARGETS = {"plan, 60 ms": 0.65, "version": 2.5}
SEED = {"clusters": ["your-cluster", "prod"]}

SERVE = f"""
import sys
from reconciler import sandbox
with sandbox.serving(seed={SEED!r}, speed=600) as server:
    print(server.endpoint_url, flush=True)
    sys.stdin.read()
"""

SEEDING = """
from reconciler.aws.gateway import EcsGateway
from reconciler.aws.sessions import open_aws
gateway = EcsGateway(open_aws())
gateway.register_task_definition({"family": "web", "containerDefinitions": [{"name": "a", "image": "b", "memory": 9}]})
gateway.create_service({"cluster": "prod", "serviceName": "web", "taskDefinition": "web", "desiredCount": 1})
"""

OVERLAPPED = """
from threading import Thread
from reconciler.aws.sessions import open_aws
aws = open_aws()
aws.warm()
calls = {calls!r}
threads = [Thread(target=aws.client(s).call, args=(o,), kwargs=r) for s, o, r in calls]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""

READS: list[Call] = [
    ("sts", "GetCallerIdentity", {}),
    ("ecs", "DescribeServices", {"cluster": "prod", "services": ["web"], "include": ["TAGS"]}),
    ("ecs", "DescribeTaskDefinition", {"taskDefinition": "web:1", "include": ["TAGS"]}),
]


class FailedCommand(Exception):
    """A command did not do what is to be timed; its words are the message."""


@dataclass
class Variant:
    """A command to time. With `forget` it runs as for the first time in its project (see `reconciler/api/hints.py`)."""

    name: str
    command: Sequence[str]
    latency: int = 0
    folder: Path = ROOT
    forget: bool = False
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Milliseconds."""
        return statistics.median(self.seconds) * 1000


@dataclass
class Bench:
    """A sandbox, the environment that leads to it, and a folder for scripts."""

    endpoint: str
    environ: dict[str, str]
    folder: Path

    def control(self, name: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the sandbox's remote control."""
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.endpoint}/_sim/{name}", data) as answer:
            return json.load(answer)

    def run(self, command: Sequence[str], folder: Path) -> str:
        """Run a command and give what it printed; FailedCommand where it fails."""
        done = subprocess.run(
            command, cwd=folder, env=self.environ, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise FailedCommand(f"{' '.join(command)} gave {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def script(self, name: str, text: str) -> list[str]:
        """Write a script and give its command."""
        path = self.folder / name
        path.write_text(text)
        return [sys.executable, str(path)]


@contextmanager
def bench() -> Iterator[Bench]:
    """Serve a sandbox in a process of its own."""
    with (
        tempfile.TemporaryDirectory() as name,
        subprocess.Popen(
            [sys.executable, "-c", SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process,
    ):
        assert process.stdout is not None
        endpoint = process.stdout.readline().strip()
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "AWS_"))}
        environ = kept | {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "AWS_REGION": "ap-northeast-1",
            "AWS_DEFAULT_REGION": "ap-northeast-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "IMAGE_TAG": "1.0",  # the example insists on it
            "XDG_CACHE_HOME": f"{name}/cache",
        }
        yield Bench(endpoint, environ, Path(name))
        process.terminate()


def plain_script(calls: Sequence[Call]) -> str:
    """Write the script that anybody would: a client for each service, one call after the other."""
    from botocore import xform_name

    services = list(dict.fromkeys(service for service, _, _ in calls))
    clients = [f"{service} = boto3.client({service!r})" for service in services]
    sent = [f"{service}.{xform_name(operation)}(**{request!r})" for service, operation, request in calls]
    return "\n".join(["import boto3", *clients, *sent])


def variants(bench: Bench, example: Path) -> list[Variant]:
    """Prepare everything that is timed; a command that fails beforehand is left out, with its words."""
    bench.run(bench.script("seeding.py", SEEDING), ROOT)
    plain = bench.script("plain.py", plain_script(READS))
    overlapped = bench.script("overlapped.py", OVERLAPPED.format(calls=READS))
    found = [Variant("python", [sys.executable, "-c", "pass"])]
    for latency in LATENCIES:
        found += [Variant(f"plain reads, {latency} ms", plain, latency)]
        found += [Variant(f"reads, {latency} ms", overlapped, latency)]
    for prepare in (version_variants, plan_variants):
        try:
            found += prepare(bench, example)
        except (FailedCommand, FileNotFoundError) as error:
            print(f"{prepare.__name__} left out: {error}", file=sys.stderr)
    return found


def version_variants(bench: Bench, _example: Path) -> list[Variant]:
    """Time the cheapest command."""
    bench.run([*COMMAND, "--version"], ROOT)
    return [Variant("version", [*COMMAND, "--version"])]


def plan_variants(bench: Bench, example: Path) -> list[Variant]:
    """Apply the example, see what a plan of it reads, and time both."""
    project = bench.folder / "project"
    shutil.copytree(example, project)
    bench.run([*COMMAND, "apply", "--auto-approve"], project)
    before = len(bench.control("calls")["calls"])
    bench.run([*COMMAND, "plan", "--detailed-exitcode"], project)  # not 2: nothing is left to change
    seen = bench.control("calls")["calls"][before:]
    calls = [(str(call["service"]), str(call["operation"]), parameters(call["request"])) for call in seen]
    print("plan reads:", ", ".join(f"{service}:{operation}" for service, operation, _ in calls))
    same = bench.script("same.py", plain_script(calls))
    return [
        variant
        for latency in LATENCIES
        for variant in (
            Variant(f"plain plan, {latency} ms", same, latency),
            Variant(f"plan, {latency} ms", [*COMMAND, "plan"], latency, project),
            Variant(f"first plan, {latency} ms", [*COMMAND, "plan"], latency, project, forget=True),
        )
    ]


def parameters(request: dict[str, Any]) -> dict[str, Any]:
    """Give what a script passes, of a request as it came over the wire: the query protocol adds two members."""
    return {key: value for key, value in request.items() if key not in {"Action", "Version"}}


def measure(bench: Bench, timed: Sequence[Variant], rounds: int) -> None:
    """Time every variant once a round, in random order; a first round is thrown away."""
    order = list(timed)
    for number in range(rounds + 1):
        random.shuffle(order)
        for variant in order:
            bench.control("latency", {"milliseconds": variant.latency})
            if variant.forget:
                for hint in Path(bench.environ["XDG_CACHE_HOME"], "reconciler").glob("hint-*"):
                    hint.unlink()
            started = time.perf_counter()
            bench.run(variant.command, variant.folder)
            if number:
                variant.seconds.append(time.perf_counter() - started)


def report(timed: Sequence[Variant]) -> None:
    """Print medians, then ratios with their targets."""
    medians = {variant.name: variant.median for variant in timed}
    print("\n| what | median, ms |\n|---|---|")
    for name, median in medians.items():
        print(f"| {name} | {median:.0f} |")
    print("\n| ratio | measured | target |\n|---|---|---|")
    pairs = {f"{kind}, {ms} ms": f"plain {kind}, {ms} ms" for kind in ("reads", "plan") for ms in LATENCIES}
    pairs |= {f"first plan, {ms} ms": f"plain plan, {ms} ms" for ms in LATENCIES}
    for name, base in (pairs | {"version": "python"}).items():
        if name in medians:
            target = f"≤ {TARGETS[name]}" if name in TARGETS else ""
            print(f"| {name} ÷ {base} | {medians[name] / medians[base]:.2f} | {target} |")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--example", type=Path, default=ROOT / "fixtures" / "examples" / "article")
    given = parser.parse_args()
    with bench() as running:
        timed = variants(running, given.example)
        measure(running, timed, given.rounds)
    report(timed)


if __name__ == "__main__":
    main()
