"""Capacity providers: which one the next task of a deployment goes to."""

from collections import Counter

from reconciler.sandbox import rules
from reconciler.sandbox.worlds import Deployment, Service


@rules.documented(
    "model, CapacityProviderStrategyItem: base is a minimum that is placed first, weights share out the rest"
)
@rules.guessed("of the shares, the one that lacks most is next; in the strategy's order where they are equal")
def choose(service: Service, deployment: Deployment) -> str | None:
    """Give the capacity provider for another task, if the deployment has a strategy."""
    strategy = deployment.settings.get("capacityProviderStrategy")
    if not strategy:
        return None
    placed = Counter(
        task.body.get("capacityProviderName")
        for task in service.tasks.values()
        if task.deployment is deployment and task.wanted
    )
    for each in strategy:
        if placed[each["capacityProvider"]] < each["base"]:
            return str(each["capacityProvider"])
    shared = [each for each in strategy if each["weight"]]
    least = min(
        shared, key=lambda each: (placed[each["capacityProvider"]] - each["base"] + 1) / each["weight"]
    )
    return str(least["capacityProvider"])
