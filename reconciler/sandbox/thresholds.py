"""How many failed tasks trip the deployment circuit breaker."""

from reconciler.sandbox import rules
from reconciler.sandbox.worlds import Service


@rules.documented(
    "model, ThresholdConfiguration: COUNT, BOUNDED_PERCENT (3 to 200), UNBOUNDED_PERCENT; default 50 %"
)
@rules.guessed("a count of 0 is the first failure")
def of(service: Service) -> int:
    """Give how many failed tasks trip the breaker of a service."""
    breaker = service.body["deploymentConfiguration"].get("deploymentCircuitBreaker", {})
    configured = breaker.get("thresholdConfiguration") or {"type": "BOUNDED_PERCENT", "value": 50}
    if configured["type"] == "COUNT":
        return max(1, int(configured["value"]))
    share = max(1, -(-service.desired * int(configured["value"]) // 100))
    return share if configured["type"] == "UNBOUNDED_PERCENT" else min(200, max(3, share))
