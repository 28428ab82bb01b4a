"""What looking into a Terraform state costs, beside `json.load` and a scan: wall time and peak memory.

::

    python benchmarks/tfstate.py [--rounds 5] [--megabytes 0.1 1 20 100] [--json FILE]

Every measurement is a fresh process that imports, then reads a generated state and looks 50 addresses up, then says
how long the latter two took and how much memory it ever had (``ru_maxrss``). All find the same values, which is
checked. Interleaved in random order; ratios are of medians.

file       the plugin, with the state's path
pieces     the same, with the state in pieces, as they come from a server
plain      `json.load`, one scan that indexes all resources, and the lookups in that
plain, gc  the same without the cyclic collector, which doubles the time of `json.load`
compact    the first two and the plain one for the same state in one line, as `jq -c` writes it, which no reader by
           layout can use
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, TextIO

LOOKUPS: Final = 50
TARGETS: Final = {100.0: (1 / 3, 1 / 3)}
"""Megabytes → aimed-for ratios of time and of memory to the plain way."""

REPORT = """
values = [look(address) for address in addresses]
seconds, cpu = time.perf_counter() - started, time.process_time() - used
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
print(json.dumps([seconds, cpu, peak, digest]))
"""

OURS = """
import hashlib, json, resource, sys, time
from pathlib import Path
from reconciler.plugin import Address
from reconciler_tfstate import plugin
class Context:
    root, environ = Path("/"), {}
    def client(self, service): raise LookupError(service)
path, addresses = sys.argv[1], json.loads(sys.argv[2])
started, used = time.perf_counter(), time.process_time()
resolver = plugin.open(Context(), {"path": path})
look = lambda address: resolver.lookup(Address("tfstate", address)).data
"""

PIECES = """
import hashlib, json, resource, sys, time
from reconciler_tfstate import addresses as notation, answers, states, stores
path, addresses = sys.argv[1], json.loads(sys.argv[2])
started, used = time.perf_counter(), time.process_time()
with open(path, "rb", buffering=0) as file:
    state = states.read(stores.received(iter(lambda: file.read(1 << 18), b"")), path)
look = lambda address: answers.answer(state, notation.parse(address)).data
"""

PLAIN = """
import hashlib, json, resource, sys, time
path, addresses = sys.argv[1], json.loads(sys.argv[2])
started, used = time.perf_counter(), time.process_time()
with open(path) as file:
    state = json.load(file)
index = {}
for one in state["resources"]:
    name = ("data." if one["mode"] == "data" else "") + one["type"] + "." + one["name"]
    name = one["module"] + "." + name if "module" in one else name
    for instance in one["instances"]:
        if "deposed" not in instance:
            key = instance.get("index_key")
            index[name if key is None else f"{name}[{json.dumps(key)}]"] = instance["attributes"]
def look(address):
    head, _, attribute = address.rpartition(".")
    return state["outputs"][attribute]["value"] if head == "output" else index[head][attribute]
"""

SCRIPTS = {
    "file": OURS,
    "pieces": PIECES,
    "plain": PLAIN,
    "plain, gc": PLAIN.replace("started", "import gc; gc.disable(); started", 1),
}


@dataclass
class Variant:
    """A way to look into one state, and what it took each time."""

    name: str
    state: Path
    addresses: Sequence[str]
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)

    def run(self) -> str:
        """Measure once; give a digest of the values."""
        command = [
            sys.executable,
            "-c",
            SCRIPTS[self.name] + REPORT,
            str(self.state),
            json.dumps(self.addresses),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        seconds, cpu, peak, digest = json.loads(done.stdout)
        self.seconds.append(seconds)
        self.cpu.append(cpu)
        self.peaks.append(peak / 1e6)
        return str(digest)

    @property
    def cost(self) -> tuple[float, float, float]:
        """Medians of milliseconds, of milliseconds of CPU, and of megabytes."""
        median = statistics.median
        return median(self.seconds) * 1000, median(self.cpu) * 1000, median(self.peaks)

    def forget(self) -> None:
        """Drop what was measured."""
        for measured in (self.seconds, self.cpu, self.peaks):
            measured.clear()


def attributes(name: str, dice: random.Random) -> dict[str, Any]:
    """Make up attributes: texts above all, some of them JSON or scripts, lists and maps."""
    code = f"{dice.getrandbits(64):016x}"
    made: dict[str, Any] = {
        "arn": f"arn:aws:ec2:eu-west-1:123456789012:thing/{name}-{code}",
        "id": f"{name}-{code}",
        "cidr_blocks": [f"10.{number}.0.0/16" for number in range(dice.randrange(4))],
        "enabled": dice.random() < 0.5,
        "timeouts": None,
        "size": dice.randrange(1000),
        "ingress": [
            {
                "description": "<b>web & more</b>",
                "from_port": port,
                "protocol": "tcp",
                "security_groups": [],
                "self": False,
            }
            for port in range(dice.randrange(3))
        ],
        "tags": {"Name": name, "env": "prod", "team/owner": "größe {1}"},
        "tags_all": {"Name": name, "env": "prod", "team/owner": "größe {1}"},
    }
    if dice.random() < 0.2:
        made["policy"] = json.dumps(
            {"Statement": [{"Action": ["s3:*"], "Effect": "Allow", "Resource": f"*{code}"}]}
        )
    if dice.random() < 0.1:
        made["user_data"] = f'#!/bin/sh\necho "{{{code}}}"\n' * 8
    return made


def resources(size: float, dice: random.Random) -> Iterator[tuple[str, list[str]]]:
    """Write resources of `size` bytes in all as Terraform does, each with addresses that can be looked up."""
    number, written = 0, 0
    while written < size:
        number += 1
        module = dice.choice(["", "", "module.app", f'module.part["k.{number % 7}"].module.net[0]'])
        mode = "data" if dice.random() < 0.15 else "managed"
        kind = dice.choice(["aws_subnet", "aws_security_group", "aws_iam_role", "aws_instance"])
        name = f"r{number}"
        keys: Sequence[int | str | None] = dice.choice(
            [
                [None],
                [None],
                [None],
                range(dice.randrange(1, 6)),
                [f"k{key}" for key in range(dice.randrange(1, 9))],
            ]
        )
        raw: dict[str, Any] = {"module": module} if module else {}
        raw |= {"mode": mode, "type": kind, "name": name}
        raw |= {} if keys[0] is None else {"each": "list" if keys[0] == 0 else "map"}
        raw["provider"] = 'provider["registry.terraform.io/hashicorp/aws"]'
        raw["instances"] = [
            ({} if key is None else {"index_key": key})
            | {"schema_version": 1, "attributes": attributes(name, dice), "sensitive_attributes": []}
            | {"private": "bnVsbA==" * 8, "dependencies": ["aws_vpc.main", "module.app.aws_iam_role.task"]}
            for key in keys
        ]
        text = json.dumps(raw, indent=2, ensure_ascii=False).replace("\n", "\n    ")
        text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")  # as Go does
        written += len(text)
        head = f"{module}." * bool(module) + "data." * (mode == "data") + f"{kind}.{name}"
        yield text, [head if key is None else f"{head}[{json.dumps(key)}]" for key in keys]


def write(file: TextIO, size: float, dice: random.Random) -> list[str]:
    """Write a state; give the addresses to look up, from all over it."""
    outputs = {f"o{number}": {"value": f"out-{number}", "type": "string"} for number in range(20)}
    head = {"version": 4, "terraform_version": "1.11.4", "serial": 7, "lineage": "l", "outputs": outputs}
    file.write(json.dumps(head, indent=2).removesuffix("\n}"))
    file.write(',\n  "resources": [')
    present: list[str] = []
    for number, (text, found) in enumerate(resources(size, dice)):
        file.write(f"{',' if number else ''}\n    {text}")
        present += found
    file.write('\n  ],\n  "check_results": null\n}\n')
    chosen = dice.sample(present, min(LOOKUPS - 2, len(present)))
    return [f"{address}.{dice.choice(['id', 'tags', 'cidr_blocks'])}" for address in chosen] + [
        "output.o1",
        "output.o2",
    ]


def generate(path: Path, size: float) -> list[str]:
    """Write a state into a file; give the addresses to look up."""
    with path.open("w") as file:
        return write(file, size, random.Random(7))


def compress(state: Path, compact: Path) -> None:
    """Write a state again in one line."""
    compact.write_text(json.dumps(json.loads(state.read_text()), separators=(",", ":"), ensure_ascii=False))


def apart(act: Callable[..., Any], *arguments: object) -> Any:
    """Run something in a process of its own: a child's peak memory begins at what its parent has."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(act, *arguments).result()


def measure(variants: Sequence[Variant], rounds: int) -> None:
    """Run every variant once a round, in random order; a first round is thrown away, and checked."""
    assert len({variant.run() for variant in variants}) == 1, "they do not find the same"
    for variant in variants:
        variant.forget()
    for _ in range(rounds):
        for variant in random.sample(variants, len(variants)):
            variant.run()


def report(title: str, variants: Sequence[Variant], aim: tuple[float, float] | None) -> None:
    """Print what each way costs, and what part of the plain way that is."""
    plain = next(variant for variant in variants if variant.name == "plain").cost
    for variant in variants:
        pairs = zip(variant.cost, plain, strict=True)
        print(f"| {title} | {variant.name} |", " | ".join(f"{a:.1f} | {a / b:.2f}" for a, b in pairs), "|")
        if aim and variant.name in {"file", "pieces"}:
            reached = variant.cost[0] <= plain[0] * aim[0] and variant.cost[2] <= plain[2] * aim[1]
            word = "reached" if reached else "MISSED"
            print(f"| | aim {word} | | ≤ {aim[0]:.2f} | | | | ≤ {aim[1]:.2f} |")


def main() -> None:
    """Generate, measure, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--megabytes", type=float, nargs="+", default=[0.1, 1, 20, 100])
    parser.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help="write the seconds, CPU seconds and megabytes of every round",
    )
    given = parser.parse_args()
    told: dict[str, Any] = {}
    print(
        "| state | way | ms | ÷ plain | CPU ms | ÷ plain | peak MB | ÷ plain |\n|---|---|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory() as folder:
        for size in given.megabytes:
            state, compact = Path(folder, "x.tfstate"), Path(folder, "compact.tfstate")
            addresses = apart(generate, state, size * 1e6)
            variants = [Variant(name, state, addresses) for name in SCRIPTS]
            measure(variants, given.rounds)
            report(f"{state.stat().st_size / 1e6:.1f} MB", variants, TARGETS.get(size))
            if size == max(given.megabytes):
                apart(compress, state, compact)
                others = [Variant(name, compact, addresses) for name in ("file", "pieces", "plain")]
                measure(others, given.rounds)
                report(f"compact, {compact.stat().st_size / 1e6:.1f} MB", others, None)
                variants += others
            told |= {
                f"{one.state.name}, {size} MB, {one.name}": [one.seconds, one.cpu, one.peaks]
                for one in variants
            }
    if given.json:
        given.json.write_text(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
