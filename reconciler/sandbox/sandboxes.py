"""The sandbox as a whole: its clock, its regions, its log of calls, what makes calls fail, and one lock over all."""

import copy
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from reconciler.sandbox import (
    codedeploys,
    interventions,
    logs,
    networks,
    operations,
    quotas,
    registries,
    scalabletargets,
    scripts,
    seeds,
    servicerules,
    sessions,
    shapes,
    stacks,
    targets,
    trails,
)
from reconciler.sandbox.clocks import Clock
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.faults import Faults, Limits
from reconciler.sandbox.knobs import Knobs
from reconciler.sandbox.outcomes import Strategy, by_tag
from reconciler.sandbox.worlds import Body, World

_OTHERS: Final[Mapping[str, Callable[[World, str, object], Body | None]]] = {
    each.SERVICE: each.answer for each in (scalabletargets, codedeploys, logs, quotas, registries, sessions)
} | {quotas.METRICS: quotas.answer}

_QUERIED: Final[Mapping[str, Callable[[World, str, Mapping[str, str]], str | None]]] = {
    each.SERVICE: each.answer for each in (networks, stacks, targets)
}


class Sandbox:
    """Simulated ECS in any number of regions. Every public method is safe to call from any thread."""

    def __init__(
        self,
        seed: seeds.Seed | None = None,
        *,
        speed: float = 1.0,
        latency: float = 0.0,
        number: int = 0,
        start: float | None = None,
        outcomes: Strategy = by_tag,
    ) -> None:
        """Make a sandbox holding `seed`; `number` seeds ids and choices; `latency` in milliseconds a call.

        `address` is to be set to where it answers before it does.
        """
        self.lock = threading.RLock()
        self.seed = seed or seeds.Seed()
        self.latency = latency
        self.address = "http://127.0.0.1"
        self._number = number
        self._outcomes = outcomes
        self._start = start
        self.clock = Clock(speed, start)
        self._fill()

    def _fill(self) -> None:
        self.knobs = Knobs()
        self.knobs.turn(self.seed.knobs)
        self.faults, self.limits = Faults(self._number), Limits()
        self.faults.replace(self.seed.faults)
        self.limits.replace(self.seed.limits)
        self.worlds: dict[str, World] = {}
        self.calls: list[Body] = []
        self._agents: list[str] = []

    def world(self, region: str) -> World:
        """Give a region with everything due in it done; it begins with what the seed holds for it."""
        now = self.clock.now()
        if region not in self.worlds:
            self.worlds[region] = seeds.begin(
                self.seed, region, now, self.knobs, self._number, self._outcomes
            )
            self.worlds[region].address = self.address
        self.worlds[region].agenda.run_until(now)
        return self.worlds[region]

    def note(self, region: str, service: str, operation: str, request: object, agent: str = "") -> Body:
        """Log a call, and by which program (its User-Agent); the entry may be completed with how it ended."""
        with self.lock:
            entry = {
                "at": self.clock.now(),
                "region": region,
                "service": service,
                "operation": operation,
                "request": request,
            }
            self.calls.append(entry)
            self._agents.append(agent)
            return entry

    def ecs(self, region: str, operation: str, request: object) -> Body:
        """Answer an ECS operation, or raise a `Refusal`. The answer is the sandbox's own data: do not change it."""
        if operation not in shapes.operations():
            raise Refusal("UnknownOperationException", f"ECS has no operation {operation}.")
        accepted = shapes.accept(operation, request)
        if operation not in operations.OPERATIONS:
            raise servicerules.not_simulated(f"the ECS operation {operation}")
        return operations.OPERATIONS[operation](self.world(region), accepted)

    def answer(self, region: str, service: str, operation: str, request: object) -> Body | None:
        """Answer an operation of another service like `ecs`, or give None if nothing here is concerned."""
        if service == trails.SERVICE:
            return trails.answer(self.world(region), operation, request, self.calls, self._agents)
        return _OTHERS[service](self.world(region), operation, request) if service in _OTHERS else None

    def described(self, region: str, service: str, operation: str, form: Mapping[str, str]) -> str | None:
        """Answer an operation of a service that speaks XML, or give None if nothing here is concerned."""
        return _QUERIED[service](self.world(region), operation, form) if service in _QUERIED else None

    def alarm(self, region: str, name: str, state: str, *, known: bool) -> bool:
        """Put an alarm into a state, with `known` only if it has one here already; tell whether that was done."""
        world = self.world(region)
        if known and name not in world.alarms:
            return False
        interventions.set_alarm_state(world, name, state)
        return True

    def advance(self, seconds: float) -> None:
        """Let simulated time pass at once."""
        with self.lock:
            self.clock.advance(seconds)
            for region in list(self.worlds):
                self.world(region)

    def turn(self, settings: Mapping[str, Any]) -> None:
        """Turn knobs; `speed` and `latency` (milliseconds) count as knobs here."""
        with self.lock:
            rest = dict(settings)
            for region in list(self.worlds):
                self.world(region)
            for name in ("speed", "latency"):
                if name in rest:
                    target = self.clock if name == "speed" else self
                    setattr(target, name, seeds.number(rest.pop(name), f"knobs.{name}"))
            self.knobs.turn(rest)

    def sound(self, states: Mapping[str, object]) -> None:
        """Put alarms into states by name; `OK`, `ALARM` or `INSUFFICIENT_DATA`."""
        with self.lock:
            read = {name: scripts.state(value, f"alarms.{name}") for name, value in states.items()}
            for region in list(self.worlds):
                for name, state in read.items():
                    interventions.set_alarm_state(self.world(region), name, state)

    def fail(self, given: Sequence[object]) -> None:
        """Put fault rules in force; see `faults`."""
        with self.lock:
            self.faults.replace(given)

    def throttle(self, given: Mapping[str, Any] | str) -> None:
        """Put limits in force; see `faults`."""
        with self.lock:
            self.limits.replace(given)

    def reset(self) -> None:
        """Go back to the seed: state, knobs, faults, limits and the log; the clock goes on."""
        with self.lock:
            self._fill()

    def dump(self) -> Body:
        """Show the whole state of ECS by region, as JSON."""
        from reconciler.sandbox import services

        with self.lock:
            state = {
                region: {
                    "clusters": world.clusters,
                    "taskDefinitions": [
                        each for family in world.families.values() for each in family.values()
                    ],
                    "services": [services.shown(world, each) for each in world.services.values()],
                    "tasks": [task.body for task in world.tasks.values()],
                    "tags": world.tags,
                    "settings": world.settings,
                    "scalableTargets": list(world.targets.values()),
                    "alarms": world.alarms,
                    "refused": world.refused,
                    "codedeploy": codedeploys.dump(world),
                }
                for region, world in ((name, self.world(name)) for name in sorted(self.worlds))
            }
            return copy.deepcopy(state)
