"""Stand-ins for what the engine needs from outside. The gateway passes the same contract tests as the real one."""

from reconciler.testing.clocks import FakeClock
from reconciler.testing.gateways import Called, FakeGateway

__all__ = ["Called", "FakeClock", "FakeGateway"]
