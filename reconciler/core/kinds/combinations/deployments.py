"""Members that decide how a service is deployed and rebalanced, and do not go together."""

from __future__ import annotations

from typing import Final

from reconciler.core.kinds.combinations.cases import Case, Combination
from reconciler.core.values import Json

_AZ = "availabilityZoneRebalancing"
_DEPLOYMENT = "deploymentConfiguration"
_PERCENTAGES = ("deploymentConfiguration/maximumPercent", "deploymentConfiguration/minimumHealthyPercent")


def _elsewhere_percent(case: Case) -> bool:
    configuration = case.file.get(_DEPLOYMENT)
    custom = {"maximumPercent", "minimumHealthyPercent"} & set(
        configuration if isinstance(configuration, dict) else ()
    )
    on_instances = case.at("launchType") in (None, "EC2")
    return bool(custom) and case.controller in ("CODE_DEPLOY", "EXTERNAL") and on_instances


def _leaves_no_room(case: Case) -> bool:
    most, least = (
        case.at(_DEPLOYMENT, name) if case.at(_DEPLOYMENT, name) is not None else usual
        for name, usual in (
            ("maximumPercent", 100 if case.daemon else 200),
            ("minimumHealthyPercent", 0 if case.daemon else 100),
        )
    )
    return most == least == 100


def _at_most(value: Json, limit: float) -> bool:
    return isinstance(value, int | float) and value <= limit


def _spreads_elsewhere(case: Case) -> bool:
    first = next(iter(case.items("placementStrategy")), None)
    spread = {"type": "spread", "field": "attribute:ecs.availability-zone"}
    return first is not None and {name: first.get(name) for name in spread} != spread


ROWS: Final = (
    Combination(
        ("deploymentConfiguration/deploymentCircuitBreaker/enable", "deploymentController"),
        "`deploymentCircuitBreaker` is for rolling deployments by ECS",
        "disable it",
        "B",
        lambda c: (
            c.at(_DEPLOYMENT, "deploymentCircuitBreaker", "enable") is True
            and (c.controller != "ECS" or c.strategy != "ROLLING")
        ),
    ),
    Combination(
        ("deploymentConfiguration/earlySuccessCriteria/enable", "deploymentController"),
        "`earlySuccessCriteria` is for rolling deployments",
        'remove it, or set "strategy": "ROLLING"',
        "B",
        lambda c: (
            c.at(_DEPLOYMENT, "earlySuccessCriteria", "enable") is True
            and (c.controller != "ECS" or c.strategy != "ROLLING")
        ),
    ),
    Combination(
        ("deploymentConfiguration/linearConfiguration",),
        "`linearConfiguration` is for the strategy LINEAR",
        'set "strategy": "LINEAR", or remove it',
        "B",
        lambda c: bool(c.at(_DEPLOYMENT, "linearConfiguration")) and c.strategy != "LINEAR",
    ),
    Combination(
        ("deploymentConfiguration/canaryConfiguration",),
        "`canaryConfiguration` is for the strategy CANARY",
        'set "strategy": "CANARY", or remove it',
        "B",
        lambda c: bool(c.at(_DEPLOYMENT, "canaryConfiguration")) and c.strategy != "CANARY",
    ),
    Combination(
        ("deploymentConfiguration/strategy",),
        "the strategy BLUE_GREEN wants `bakeTimeInMinutes`",
        "say how long both revisions run side by side",
        "B",
        lambda c: c.strategy == "BLUE_GREEN" and c.at(_DEPLOYMENT, "bakeTimeInMinutes") is None,
    ),
    Combination(
        _PERCENTAGES,
        "`maximumPercent` and `minimumHealthyPercent` are both 100, which leaves no room to replace a task",
        "raise maximumPercent, or lower minimumHealthyPercent",
        "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments",
        _leaves_no_room,
        seen=True,
    ),
    Combination(
        _PERCENTAGES,
        "`maximumPercent` and `minimumHealthyPercent` mean nothing to tasks on instances under CODE_DEPLOY or EXTERNAL",
        "remove them",
        "B",
        _elsewhere_percent,
    ),
    Combination(
        (_AZ,),
        "`availabilityZoneRebalancing` is not for DAEMON services",
        "set it to DISABLED",
        "Availability Zone Rebalancing does not support DAEMON services",
        lambda c: c.rebalances and c.daemon,
        seen=True,
    ),
    Combination(
        (_AZ,),
        "`availabilityZoneRebalancing` is not for the launch type EXTERNAL",
        "set it to DISABLED",
        "aws/aws-cdk pull request 32263",
        lambda c: c.rebalances and c.at("launchType") == "EXTERNAL",
    ),
    Combination(
        (_AZ, "deploymentConfiguration/maximumPercent"),
        "`availabilityZoneRebalancing` needs a `maximumPercent` above 100: it starts a task before it stops one",
        'raise maximumPercent, or set "availabilityZoneRebalancing": "DISABLED"',
        "Availability Zone Rebalancing does not support maximumPercent <= 100 % as deployment configuration",
        lambda c: c.rebalances and _at_most(c.at(_DEPLOYMENT, "maximumPercent"), 100),
        seen=True,
    ),
    Combination(
        (_AZ, "loadBalancers"),
        "`availabilityZoneRebalancing` is not for services behind a Classic Load Balancer",
        "set it to DISABLED",
        "aws/aws-cdk pull request 32263",
        lambda c: c.rebalances and any(lb.get("loadBalancerName") for lb in c.items("loadBalancers")),
    ),
    Combination(
        (_AZ, "placementConstraints"),
        "`availabilityZoneRebalancing` contradicts a placement constraint on the availability zone",
        "remove one of them",
        "aws/aws-cdk pull request 32263",
        lambda c: (
            c.rebalances
            and any(
                "ecs.availability-zone" in str(constraint.get("expression", ""))
                for constraint in c.items("placementConstraints")
            )
        ),
    ),
    Combination(
        (_AZ, "placementStrategy"),
        "`availabilityZoneRebalancing` wants the spread over availability zones to be the first placement strategy",
        'begin with {"type": "spread", "field": "attribute:ecs.availability-zone"}, or set '
        '"availabilityZoneRebalancing": "DISABLED"',
        "Availability Zone Rebalancing only supports availability zone spread as task placement strategy",
        lambda c: c.rebalances and _spreads_elsewhere(c),
        seen=True,
    ),
)
