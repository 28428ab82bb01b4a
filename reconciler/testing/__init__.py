"""Stand-ins for what the engine needs from outside. The gateway passes the same contract tests as the real one.

For authors of resolvers: `check_resolver` checks one against its duties, in a `FakeContext`.
"""

from reconciler.testing.clocks import FakeClock
from reconciler.testing.gateways import FakeGateway
from reconciler.testing.resolvers import FakeAwsClient, FakeContext, check_resolver
from reconciler.testing.stores import Called

__all__ = ["Called", "FakeAwsClient", "FakeClock", "FakeContext", "FakeGateway", "check_resolver"]
