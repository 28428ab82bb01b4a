"""A sandbox in a thread of this process, for tests, benchmarks and demonstrations."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reconciler.sandbox import seeds
from reconciler.sandbox.applications import Application
from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.outcomes import Strategy, by_tag
from reconciler.sandbox.sandboxes import Sandbox
from reconciler.sandbox.servers import Server


class Serving:
    """A sandbox that answers at `endpoint_url`."""

    def __init__(self, sandbox: Sandbox, server: Server, application: Application) -> None:
        """Hold the parts; `serving` makes them."""
        self.sandbox = sandbox
        self.server = server
        self._application = application
        self.endpoint_url = server.endpoint_url

    def advance(self, seconds: float) -> None:
        """Let simulated time pass at once."""
        self.sandbox.advance(seconds)

    def calls(self) -> list[dict[str, Any]]:
        """Give every AWS call so far: at, region, service, operation, request, and error where it failed."""
        with self.sandbox.lock:
            return list(self.sandbox.calls)

    def faults(self, rules: Sequence[Mapping[str, Any]]) -> None:
        """Put fault rules in force, in place of those before; see `faults`."""
        self.sandbox.fail(rules)

    def limits(self, buckets: Mapping[str, Mapping[str, float]] | str) -> None:
        """Put token buckets in force, in place of those before; see `faults`."""
        self.sandbox.throttle(buckets)

    def knobs(self, **settings: float) -> None:
        """Turn knobs; see `knobs`, and `speed` and `latency` (milliseconds)."""
        self.sandbox.turn(settings)

    def alarms(self, **states: str) -> None:
        """Put CloudWatch alarms into states, in every region that is in use."""
        self.sandbox.sound(states)

    def dump(self) -> dict[str, Any]:
        """Give the whole state of ECS."""
        return self.sandbox.dump()

    def reset(self) -> None:
        """Go back to the seed."""
        self.sandbox.reset()
        self._application.reset()


def seed_of(source: seeds.Seed | Mapping[str, Any] | str | Path | None) -> seeds.Seed:
    """Give a seed from a seed, plain data, or a path."""
    if isinstance(source, seeds.Seed):
        return source
    if isinstance(source, str | Path):
        return seeds.load(Path(source))
    return seeds.read(source)


def bind(sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0) -> Serving:
    """Bind a sandbox to an address; nothing answers yet. An address in use is a `SandboxError`."""
    application = Application(sandbox)
    try:
        server = Server(host, port, application)
    except OSError as error:
        raise SandboxError(f"cannot listen: {error.strerror}", f"{host}:{port}") from None
    sandbox.address = server.endpoint_url
    return Serving(sandbox, server, application)


@contextmanager
def serving(
    seed: seeds.Seed | Mapping[str, Any] | str | Path | None = None,
    *,
    speed: float = 0.0,
    latency: float = 0.0,
    number: int = 0,
    start: float | None = None,
    outcomes: Strategy = by_tag,
    port: int = 0,
) -> Iterator[Serving]:
    """Serve a fresh sandbox while the block runs.

    `speed` is simulated seconds a real second (0: time moves by `advance` alone and starts at a fixed date),
    `latency` milliseconds a call, `number` what ids and choices are derived from.
    """
    sandbox = Sandbox(
        seed_of(seed), speed=speed, latency=latency, number=number, start=start, outcomes=outcomes
    )
    served = bind(sandbox, port=port)
    served.server.start()
    try:
        yield served
    finally:
        served.server.close()
