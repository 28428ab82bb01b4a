"""What comparing costs: canonical form, differences and patch, beside `jsonpatch.make_patch`, and a plan of many.

::

    python benchmarks/diff.py [--rounds 9] [--services 1000] [--json FILE]

In one process, interleaved in random order, as CPU time. Every document differs from its live one in a few places,
as a release makes it: an image, two variables, a number, a tag.

big        one task definition of 10 containers with 100 variables each
services   services as DescribeServices shows them, with 100 events each
plan       a service and its task definition of 2 containers with 20 variables each: from evaluated files to the
           units of a plan, over a gateway in memory; and the parts of that one by one

`make_patch` gets what it is given most often, the file and the description; and, in its favour, both in canonical
form, so that only what differs in meaning is left for it.
"""

from __future__ import annotations

import argparse
import copy
import gc
import json
import random
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

import jsonpatch

from reconciler.aws.shapes import ECS
from reconciler.core import canon, diffs, findings, kinds, nodes, patches
from reconciler.core.documents import Resolved
from reconciler.core.kinds import Kind
from reconciler.core.redaction import Masker
from reconciler.core.values import Address, Origin, Source, Value
from reconciler.engine import composing, planning
from reconciler.engine.composing import Desired
from reconciler.engine.observing import Observed, revision_arn
from reconciler.engine.ports import Snapshot
from reconciler.testing import FakeGateway

Body: TypeAlias = dict[str, Any]

KINDS: Final = kinds.build(ECS)
CLUSTER: Final = "prod"
ACCOUNT: Final = "arn:aws:iam::123456789012"
EVENTS: Final = 100
STORED: Final = {"cpu": "512", "memory": "1024"}
"""How AWS stores the units of `task_definition`."""
BUDGET: Final = 2.0
"""CPU seconds for the plans of 1,000 services."""

STATE: Final = Source("terraform.tfstate", "6f1c8f0e-2d0a-8c5b-9a77-5b1f0d3c9e21", "42")
MASKER: Final = Masker.of(["correct-horse-battery", "another-secret-of-a-state"])
# The project file names these, or they are the plan's own (`api.plannings`).
WITHOUT: Final = ("cluster", "clusterArn", "serviceName", "serviceArn", "taskDefinition")


def task_definition(name: str, containers: int, variables: int, dice: random.Random) -> Body:
    """Write a task definition as a user does: without defaults, with units."""
    return {
        "family": name,
        "networkMode": "awsvpc",
        "cpu": "0.5 vCPU",
        "memory": "1 GB",
        "requiresCompatibilities": ["FARGATE"],
        "executionRoleArn": f"{ACCOUNT}:role/{name}-execution",
        "taskRoleArn": f"{ACCOUNT}:role/{name}-task",
        "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        "volumes": [{"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-0123456789abcdef0"}}],
        "tags": [{"key": "env", "value": "prod"}, {"key": "team", "value": "web"}],
        "containerDefinitions": [
            written_container(name, number, variables, dice, containers) for number in range(containers)
        ],
    }


def written_container(name: str, number: int, variables: int, dice: random.Random, containers: int) -> Body:
    """Write a container: the first one is the application, the others stand beside it."""
    prefix = f"{name.replace('-', '_').upper()}_SETTING"
    written: Body = {
        "name": f"app{number}",
        "image": f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/{name}:2",
        "environment": [
            {"name": f"{prefix}_{index}", "value": setting(index, dice)} for index in range(variables)
        ],
        "secrets": [
            {"name": f"PASSWORD_{index}", "valueFrom": f"arn:aws:ssm:eu-west-1:123456789012:parameter/{name}/{index}"}
            for index in range(3)
        ],
        "mountPoints": [{"sourceVolume": "data", "containerPath": "/data", "readOnly": True}],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": f"/ecs/{name}",
                "awslogs-region": "eu-west-1",
                "awslogs-stream-prefix": f"app{number}",
            },
        },
    }  # fmt: skip
    if number == 0:
        written["portMappings"] = [{"containerPort": 8080}]
        written["healthCheck"] = {"command": ["CMD-SHELL", "curl -f http://localhost:8080/health || exit 1"]}
        others = range(1, containers)
        written["dependsOn"] = [{"containerName": f"app{other}", "condition": "START"} for other in others]
    return written


def setting(index: int, dice: random.Random) -> str:
    """Draw a variable's value: numbers, flags, names of hosts."""
    return dice.choice((str(index), "true", f"https://service-{index}.internal:8443/v1", f"queue-{index}"))


def service(name: str) -> Body:
    """Write a service as a user does."""
    return {
        "launchType": "FARGATE",
        "desiredCount": 3,
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "maximumPercent": 150,
            "minimumHealthyPercent": 100,
        },
        "enableECSManagedTags": True,
        "propagateTags": "SERVICE",
        "healthCheckGracePeriodSeconds": 60,
        "loadBalancers": [
            {
                "containerName": "app0",
                "containerPort": 8080,
                "targetGroupArn": f"arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/{name}/1",
            }
        ],
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "assignPublicIp": "DISABLED",
                "securityGroups": ["sg-0123456789abcdef0"],
                "subnets": ["subnet-0a11111111111111a", "subnet-0b22222222222222b", "subnet-0c33333333333333c"],
            }
        },
        "tags": [{"key": "env", "value": "prod"}, {"key": "team", "value": "web"}],
    }  # fmt: skip


def earlier_revision(written: Body) -> Body:
    """Give what was registered before the release: another image, two other variables."""
    before = copy.deepcopy(written) | STORED
    first = before["containerDefinitions"][0]
    for container in before["containerDefinitions"]:
        container["image"] = container["image"].removesuffix("2") + "1"
    first["environment"][1]["value"] = "what it was"
    first["environment"][2]["name"] = "RETIRED"
    return before


def earlier_service(written: Body) -> Body:
    """Give what the service was made with."""
    before = copy.deepcopy(written)
    before["healthCheckGracePeriodSeconds"] = 30
    before["deploymentConfiguration"]["maximumPercent"] = 200
    before["tags"][1]["value"] = "shop"
    return before


def shuffled(described: Body, dice: random.Random) -> Body:
    """Give a described revision with its variables in another order, as AWS does."""
    for container in described["taskDefinition"]["containerDefinitions"]:
        dice.shuffle(container["environment"])
        dice.shuffle(container["secrets"])
    return described


def events(name: str) -> list[Body]:
    """Give what a service that runs for long has to tell."""
    message = f"(service {name}) has reached a steady state."
    return [
        {"id": f"00000000-0000-4000-8000-{index:012}", "createdAt": 1.75e9 - 21600.0 * index, "message": message}
        for index in range(EVENTS)
    ]  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """A file and what AWS describes, and both compared: what the later stages start from."""

    kind: Kind
    file: Body
    body: Body
    without: tuple[str, ...] = ()

    def resolved(self) -> Resolved:
        """Give the file as an evaluation leaves it: some of its values come from a state, one from the environment."""
        prefix = () if self.kind.name == "service" else ("containerDefinitions", 0)
        places = (
            [("networkConfiguration", "awsvpcConfiguration", "subnets", index) for index in range(3)]
            if self.kind.name == "service"
            else [("environment", index, "value") for index in range(3)] + [("image",)]
        )
        origin = frozenset({Origin(Address("tfstate", "output.something"), STATE)})
        return Resolved(self.kind.name, self.file, origins={(*prefix, *place): origin for place in places})

    def desired(self) -> Desired:
        """Bring the file into canonical form."""
        return composing.compose(self.kind, self.resolved(), without=self.without)

    def live(self, desired: Desired) -> canon.Canon:
        """Bring the description into canonical form."""
        return canon.canon(self.kind, self.body, desired=False, like=desired.canon)

    def patch(self) -> patches.Patch:
        """Go all the way from the two documents to a patch."""
        desired = self.desired()
        live = self.live(desired)
        return patches.build(diffs.diff(desired.canon, live).changes, desired.canon, live, self.body)

    @property
    def described(self) -> Body:
        """The description without what stands around it, as `make_patch` is given it."""
        if self.kind.name == "service":
            return self.body
        inner: Body = self.body["taskDefinition"]
        return inner


@dataclass(frozen=True)
class Compared:
    """A pair with the results of all stages, so that each can be timed alone."""

    pair: Pair
    desired: Desired
    live: canon.Canon
    changes: Sequence[diffs.Change]
    listed: tuple[Any, Any]

    @classmethod
    def of(cls, pair: Pair) -> Compared:
        """Compare, and see to it that the patch does what is wanted."""
        desired = pair.desired()
        live = pair.live(desired)
        changes = diffs.diff(desired.canon, live).changes
        patched = patches.apply(pair.body, pair.patch().operations)
        after = canon.canon(pair.kind, patched, desired=False, like=desired.canon)
        assert changes
        assert not diffs.diff(desired.canon, after).changes
        live_listed, desired_listed = (nodes.listed(pair.kind.node, it.tree) for it in (live, desired.canon))
        return cls(pair, desired, live, changes, (live_listed, desired_listed))


@dataclass(frozen=True)
class Planning:
    """One service and its task definition, as they reach the planner."""

    name: str
    task_definition: Pair
    service: Pair
    observed: Observed

    def plan(self) -> planning.Planned:
        """Plan them, from evaluated files on."""
        known = {Address("tfstate", "output.something"): Value("x", source=STATE)}
        facts = planning.Facts(KINDS, ECS, CLUSTER, self.name, known, MASKER)
        return planning.plan(self.task_definition.desired(), self.service.desired(), self.observed, facts)


@dataclass(frozen=True)
class Fleet:
    """Deploys services to a gateway in memory."""

    gateway: FakeGateway
    dice: random.Random

    def deployed(
        self, name: str, containers: int = 2, variables: int = 20, *, plain: str = "", released: bool = False
    ) -> Planning:
        """Deploy a service as it was and lay the release beside it; `released`, nothing is left to do.

        `plain` is a password in plain text.
        """
        revision = task_definition(name, containers, variables, self.dice)
        wanted = service(name)
        if plain:
            revision["containerDefinitions"][0]["environment"].append({"name": "DB_PASSWORD", "value": plain})
        registered = self.gateway.register_task_definition(
            revision | STORED if released else earlier_revision(revision)
        )
        named = {"cluster": CLUSTER, "serviceName": name, "taskDefinition": revision_arn(registered)}
        made = self.gateway.create_service((wanted if released else earlier_service(wanted)) | named)
        running = Snapshot(shuffled(dict(registered.body), self.dice))
        there = Snapshot(dict(made.body) | {"events": events(name)})
        return Planning(
            name,
            Pair(KINDS.task_definition, revision, dict(running.body)),
            Pair(KINDS.service, wanted, dict(there.body), WITHOUT),
            Observed(self.gateway.account(), self.gateway.region, there, running, running),
        )


@dataclass
class Job:
    """Something to time. `documents` is how many it deals with."""

    name: str
    run: Callable[[], object]
    documents: int
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """CPU seconds for all documents."""
        return statistics.median(self.seconds)

    @property
    def one(self) -> float:
        """Milliseconds for one document."""
        return self.median / self.documents * 1000


def over(items: Sequence[Any], act: Callable[[Any], object]) -> Callable[[], object]:
    """Give what does something with every item."""

    def run() -> None:
        for item in items:
            act(item)

    return run


def beside_make_patch(name: str, compared: Sequence[Compared]) -> list[Job]:
    """Compare documents in our way and in the other."""
    return [
        Job(f"{name}: canonicalise, diff, patch", over(compared, lambda c: c.pair.patch()), len(compared)),
        Job(f"{name}: make_patch of file and description",
            over(compared, lambda c: jsonpatch.make_patch(c.pair.described, c.pair.file)), len(compared)),
        Job(f"{name}: make_patch of both in canonical form",
            over(compared, lambda c: jsonpatch.make_patch(*c.listed)), len(compared)),
    ]  # fmt: skip


def stages(plans: Sequence[Planning], compared: Sequence[Compared]) -> list[Job]:
    """Plan, and do the parts of a plan one by one."""

    def find(one: Compared) -> object:
        origin = findings.Provenance(one.desired.resolved, one.desired.canon)
        return findings.findings(one.changes, origin, MASKER)

    def build(one: Compared) -> object:
        return patches.build(one.changes, one.desired.canon, one.live, one.pair.body)

    parts: list[tuple[str, Callable[[Compared], object]]] = [
        ("canonicalise the files", lambda one: one.pair.desired()),
        ("canonicalise the descriptions", lambda one: one.pair.live(one.desired)),
        ("diff", lambda one: diffs.diff(one.desired.canon, one.live)),
        ("patch", build),
        ("findings", find),
    ]
    return [
        Job("plan", over(plans, Planning.plan), len(plans)),
        *(Job(f"plan: {name}", over(compared, act), len(plans)) for name, act in parts),
    ]


def measure(jobs: Sequence[Job], rounds: int) -> None:
    """Time every job once a round, in random order; a first round is thrown away."""
    order = list(jobs)
    for number in range(rounds + 1):
        random.shuffle(order)
        for job in order:
            gc.collect()
            started = time.process_time()
            job.run()
            if number:
                job.seconds.append(time.process_time() - started)


def report(jobs: Iterable[Job], operations: Iterable[str], services: int) -> None:
    """Print medians, ratios, and what a plan spends its time on."""
    found = {job.name: job for job in jobs}
    print("| what | CPU ms a document, median | least – most |\n|---|---|---|")
    for job in found.values():
        least, most = (bound / job.documents * 1000 for bound in (min(job.seconds), max(job.seconds)))
        print(f"| {job.name} | {job.one:.2f} | {least:.2f} – {most:.2f} |")
    print("\n| ratio | measured |\n|---|---|")
    for name in ("big", "services"):
        ours = found[f"{name}: canonicalise, diff, patch"]
        for other in ("make_patch of file and description", "make_patch of both in canonical form"):
            print(f"| {name}: ours ÷ {other} | {ours.one / found[f'{name}: {other}'].one:.2f} |")
    whole = found["plan"]
    print("\n| part of a plan | share |\n|---|---|")
    parts = [job for job in found.values() if job.name.startswith("plan: ")]
    for job in parts:
        print(f"| {job.name.removeprefix('plan: ')} | {job.median / whole.median:.0%} |")
    print(f"| the rest | {1 - sum(job.median for job in parts) / whole.median:.0%} |")
    print("\n" + "\n".join(operations))
    print(f"plans of {services} services: {whole.median:.2f} s of CPU, the budget for 1000 is {BUDGET} s")


def operations(name: str, compared: Compared) -> str:
    """Say how long the patches are."""
    ours = len(compared.pair.patch().operations)
    theirs = len(list(jsonpatch.make_patch(compared.pair.described, compared.pair.file)))
    tidy = len(list(jsonpatch.make_patch(*compared.listed)))
    return f"operations, {name}: {ours} (guards included), make_patch {theirs}, of canonical forms {tidy}"


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--services", type=int, default=1000)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the seconds of every round")
    given = parser.parse_args()
    fleet = Fleet(FakeGateway(clusters=(CLUSTER,)), random.Random(7))
    big = Compared.of(fleet.deployed("big", 10, 100).task_definition)
    plans = [fleet.deployed(f"web-{number}") for number in range(given.services)]
    done = [fleet.deployed(f"done-{number}", released=True) for number in range(given.services)]
    guarded = [fleet.deployed(f"plain-{number}", plain="hunter22") for number in range(10)]
    services = [Compared.of(one.service) for one in plans]
    revisions = [Compared.of(one.task_definition) for one in plans]
    assert not any(unit.steps for one in done for unit in one.plan().units)
    jobs = [
        *beside_make_patch("big", [big] * 20),
        *beside_make_patch("services", services),
        *stages(plans, [*revisions, *services]),
        Job("a plan of what is unchanged", over(done, Planning.plan), len(done)),
        Job("a plan with a password in plain text", over(guarded, Planning.plan), len(guarded)),
    ]
    gc.disable()  # as the command does
    gc.freeze()
    measure(jobs, given.rounds)
    report(jobs, [operations("big", big), operations("services", services[0])], given.services)
    if given.json:
        given.json.write_text(json.dumps({job.name: job.seconds for job in jobs}, indent=1))


if __name__ == "__main__":
    main()
