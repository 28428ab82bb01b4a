"""Whatever the API model allows is accepted, kept as it was sent, and settles: properties over drawn requests."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.sandbox import servicedefaults, shapes
from tests.sandbox.drawing import structure, within
from tests.sandbox.test_service_cases import Region

CONTAINER = {"name": st.just("app"), "image": st.just("web:1")}
STRATEGY = st.lists(
    structure("CapacityProviderStrategyItem"),
    min_size=1,
    unique_by=lambda item: str(item["capacityProvider"]),
)


def kept(region: Region, sent: dict[str, Any]) -> None:
    """Check that a service shows what was sent, wherever AWS shows it."""
    shown = region.shown()
    (primary, *_) = shown["deployments"]
    places = shown | primary | {name: shown[name] for name in shown if name in sent} | region.unlisted()
    for member, value in sent.items():
        if member in ("service", "serviceName", "taskDefinition"):
            continue
        if servicedefaults.removes(member, value):
            assert member not in places
        elif member == "deploymentConfiguration":
            there = {name: each for name, each in value.items() if each or name != "lifecycleHooks"}
            assert within(there, shown[member])
        else:
            assert within(value, places.get(member)), member


def shown_bake(region: Region) -> int:
    return int(region.shown()["deploymentConfiguration"].get("bakeTimeInMinutes", 0))


@settings(max_examples=60, deadline=None)
@given(
    structure("CreateServiceRequest", capacityProviderStrategy=STRATEGY),
    st.lists(structure("UpdateServiceRequest"), max_size=2),
)
def test_services(creation: dict[str, Any], updates: list[dict[str, Any]]) -> None:
    region = Region()
    region.call("CreateService", cluster="main", **creation)
    kept(region, creation)
    region.sandbox.advance(200)
    for update in updates:
        before = region.shown()
        region.call("UpdateService", cluster="main", **update)
        kept(region, update)
        region.sandbox.advance(300 + 60 * shown_bake(region))
        shown = region.shown()
        untouched = set(before) & shapes.inputs("UpdateService") - set(update)
        assert {name: shown[name] for name in untouched} == {name: before[name] for name in untouched}
        assert [each["rolloutState"] for each in shown["deployments"]] == ["COMPLETED"]
        assert shown["runningCount"] == shown["desiredCount"]
        region.call("UpdateService", cluster="main", **update)
        assert region.shown() == shown


OWN = {"LINEAR": "linearConfiguration", "CANARY": "canaryConfiguration"}


def configuration(strategy: str) -> st.SearchStrategy[dict[str, Any]]:
    """Draw a deployment configuration of a strategy, without what only ROLLING has."""
    more = {"bakeTimeInMinutes": st.integers(0, 100)}
    if strategy in OWN:
        more[OWN[strategy]] = structure(f"{strategy.capitalize()}Configuration")
    return structure(
        "DeploymentConfiguration",
        strategy=st.just(strategy),
        deploymentCircuitBreaker=st.just({"enable": False, "rollback": False}),
        earlySuccessCriteria=st.just({"enable": False}),
        lifecycleHooks=st.just([]),
        **more,
    )


CONFIGURATIONS = st.one_of([configuration(each) for each in ("ROLLING", "BLUE_GREEN", "LINEAR", "CANARY")])


@settings(max_examples=60, deadline=None)
@given(CONFIGURATIONS, CONFIGURATIONS)
def test_strategies(first: dict[str, Any], second: dict[str, Any]) -> None:
    region = Region()
    region.create({"base": "fargate", "with": {"deploymentConfiguration": first}})
    for sent in (first, second):
        forced: dict[str, Any] = {"deploymentConfiguration": sent, "forceNewDeployment": True}
        region.call("UpdateService", cluster="main", service="web", **forced)
        region.sandbox.advance(10_000_000)
        shown = region.shown()
        kept = {name: value for name, value in sent.items() if name != "lifecycleHooks"}
        assert within(kept, shown["deploymentConfiguration"])
        others = {own for strategy, own in OWN.items() if strategy != sent["strategy"]}
        assert others & set(shown["deploymentConfiguration"]) == set()
        assert [each["rolloutState"] for each in shown["deployments"]] == ["COMPLETED"]


def of_one_kind(volume: dict[str, Any]) -> dict[str, Any]:
    """Leave a volume that is of several kinds the first of them."""
    kinds = [name for name in volume if name == "host" or name.endswith("Configuration")]
    return {name: value for name, value in volume.items() if name not in kinds[1:]}


@settings(max_examples=100, deadline=None)
@given(
    structure(
        "RegisterTaskDefinitionRequest",
        containerDefinitions=structure("ContainerDefinition", **CONTAINER).map(lambda each: [each]),
        volumes=structure("Volume", name=st.just("data")).map(lambda each: [of_one_kind(each)]),
    )
)
def test_task_definitions(sent: dict[str, Any]) -> None:
    region = Region()
    region.call("RegisterTaskDefinition", **sent)
    shown = region.call("DescribeTaskDefinition", taskDefinition="drawn")["taskDefinition"]
    for each in sent["containerDefinitions"]:
        each.get("links", []).sort()
    assert within(sent, shown)
    again = {name: value for name, value in shown.items() if name in shapes.inputs("RegisterTaskDefinition")}
    region.call("RegisterTaskDefinition", **again)
    copy = region.call("DescribeTaskDefinition", taskDefinition="drawn")["taskDefinition"]
    unlike = {"taskDefinitionArn", "revision"}
    assert {k: v for k, v in copy.items() if k not in unlike} == {
        k: v for k, v in shown.items() if k not in unlike
    }
