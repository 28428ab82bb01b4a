"""What watching costs: API calls a minute for one rollout and for many, and how late a change is told.

::

    python benchmarks/rollout.py [--rollouts 1 10 100] [--seconds 120]

Rollouts of services in one cluster are begun together and watched together, through the gateway, against the
sandbox. Time is the sandbox's and stands still while calls are made: only waiting between looks passes it, so the
figures are the same on every machine. The pull of an image takes `--seconds`, most of what a rollout takes.

calls a minute   of simulated time, while watching
delay            from a service event in the simulator to its report, in simulated seconds
"""

from __future__ import annotations

import argparse
import statistics
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from reconciler import sandbox
from reconciler.aws import sessions
from reconciler.aws.gateway import EcsGateway
from reconciler.core import news, rollouts
from reconciler.core.events import ServiceEvent
from reconciler.core.values import JsonObject
from reconciler.engine import watching
from reconciler.engine.ports import Snapshot
from reconciler.engine.watching import Watch
from reconciler.sandbox.servings import Serving

CLUSTER = "bench"


@dataclass(frozen=True)
class Simulated:
    """The sandbox's clock, which moves when somebody waits."""

    served: Serving

    def now(self) -> float:
        """Give the simulated time."""
        return self.served.sandbox.clock.now()

    def sleep(self, seconds: float, /) -> None:
        """Let simulated time pass."""
        self.served.advance(seconds)


@dataclass
class Measured:
    """What watching some rollouts took."""

    rollouts: int
    seconds: float
    calls: Counter[str]
    delays: list[float] = field(default_factory=list)

    @property
    def a_minute(self) -> float:
        """Calls a simulated minute."""
        return sum(self.calls.values()) / self.seconds * 60


def watch(number: int, pull: float) -> Measured:
    """Begin some rollouts and watch them to their end."""
    with sandbox.serving({"clusters": [CLUSTER]}, speed=0) as served:
        aws = sessions.open_aws(
            environ={
                "AWS_ENDPOINT_URL": served.endpoint_url,
                "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
                "AWS_SECRET_ACCESS_KEY": "example",
                "AWS_REGION": "eu-west-1",
            }
        )
        gateway, clock = EcsGateway(aws), Simulated(served)
        container: JsonObject = {"name": "app", "image": "web:1", "memory": 128}
        gateway.register_task_definition({"family": "web", "containerDefinitions": [container]})
        names = [f"web-{index}" for index in range(number)]
        for name in names:
            body: JsonObject = {
                "cluster": CLUSTER,
                "serviceName": name,
                "taskDefinition": "web",
                "desiredCount": 2,
            }
            gateway.create_service(body)
        served.advance(3600)
        served.knobs(pull=pull)
        targets = [_begin(gateway, name) for name in names]
        before, started = len(served.calls()), clock.now()
        measured = Measured(number, 0.0, Counter())
        following = watching.watch_all(gateway, clock, targets)
        for event in following:
            if isinstance(event, ServiceEvent):
                measured.delays.append(clock.now() - event.at)
        found = gateway.describe_services(CLUSTER, names)
        assert all(
            isinstance(each, Snapshot) and rollouts.unfinished(each.body) is None for each in found.values()
        )
        measured.seconds = clock.now() - started
        measured.calls.update(call["operation"] for call in served.calls()[before:])
        aws.close()
    return measured


def _begin(gateway: EcsGateway, name: str) -> Watch:
    before = gateway.describe_services(CLUSTER, [name])[name]
    assert isinstance(before, Snapshot)
    forced: JsonObject = {"cluster": CLUSTER, "service": name, "forceNewDeployment": True}
    body: Any = gateway.update_service(forced).body
    first = rollouts.primary(body)
    assert first is not None
    return Watch(
        cluster=CLUSTER,
        service=name,
        deployment=str(first["id"]),
        before=frozenset(str(each.get("id")) for each in rollouts.deployments(before.body)),
        told=frozenset(str(event.get("id")) for event in news.events(before.body)),
        created=news.made_at(first),
    )


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rollouts", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--seconds", type=float, default=120.0, help="how long the new image is pulled")
    given = parser.parse_args()
    found = [watch(number, given.seconds) for number in given.rollouts]
    print("| rollouts | minutes | calls | calls a minute | delay, median | delay, longest |")
    print("|---|---|---|---|---|---|")
    for each in found:
        row = (
            f"{each.seconds / 60:.1f}",
            f"{sum(each.calls.values())}",
            f"{each.a_minute:.0f}",
            f"{statistics.median(each.delays):.1f} s",
            f"{max(each.delays):.1f} s",
        )
        print(f"| {each.rollouts} | {' | '.join(row)} |")
    print()
    for each in found:
        calls = ", ".join(f"{name} {times}" for name, times in sorted(each.calls.items()))
        print(f"{each.rollouts}: {calls}")
    first, last = found[0], found[-1]
    print(
        f"\ncalls a minute, {last.rollouts} ÷ {first.rollouts} rollouts: {last.a_minute / first.a_minute:.1f}"
    )


if __name__ == "__main__":
    main()
