"""Members of a service that do not go together, whatever it runs."""

from __future__ import annotations

from typing import Final

from reconciler.core.kinds.combinations.cases import Combination, each, numbers

_SUBNETS = ("networkConfiguration", "awsvpcConfiguration", "subnets")

ROWS: Final = (
    Combination(
        ("launchType", "capacityProviderStrategy"),
        "`launchType` and `capacityProviderStrategy` exclude each other",
        "remove one of them",
        "terraform-linters/tflint-ruleset-aws issue 349",
        lambda c: bool(c.file.get("launchType")) and bool(c.file.get("capacityProviderStrategy")),
        seen=True,
    ),
    Combination(
        ("networkConfiguration/awsvpcConfiguration/assignPublicIp", "launchType"),
        "`assignPublicIp` is not for the launch type EC2",
        'set "assignPublicIp": "DISABLED", or use FARGATE',
        "hashicorp/waypoint issue 643",
        lambda c: (
            c.at("launchType") == "EC2"
            and c.at("networkConfiguration", "awsvpcConfiguration", "assignPublicIp") == "ENABLED"
        ),
        seen=True,
    ),
    Combination(
        ("launchType", "schedulingStrategy"),
        "a DAEMON service runs on instances, not on FARGATE",
        'set "schedulingStrategy": "REPLICA", or launchType EC2',
        "B, RD",
        lambda c: c.daemon and c.at("launchType") == "FARGATE",
        seen=True,
    ),
    Combination(
        ("capacityProviderStrategy", "schedulingStrategy"),
        "a DAEMON service takes no `capacityProviderStrategy`",
        'remove it, and set "launchType": "EC2" where the cluster has a default strategy',
        "aws/containers-roadmap issue 692",
        lambda c: c.daemon and bool(c.at("capacityProviderStrategy")),
        seen=True,
    ),
    Combination(
        ("role",),
        "`role` is for services with load balancers",
        "remove `role`",
        "B",
        lambda c: bool(c.file.get("role")) and not c.at("loadBalancers"),
        creation=True,
    ),
    Combination(
        ("role",),
        "`role` is not taken together with service discovery, several target groups or an EXTERNAL controller",
        "remove `role`",
        "B",
        lambda c: (
            bool(c.file.get("role"))
            and (
                bool(c.at("serviceRegistries"))
                or len(c.items("loadBalancers")) > 1
                or c.controller == "EXTERNAL"
            )
        ),
        creation=True,
    ),
    Combination(
        ("deploymentController/type", "schedulingStrategy"),
        "a DAEMON service has the ECS deployment controller",
        "remove `deploymentController`",
        "B",
        lambda c: c.daemon and c.controller != "ECS",
    ),
    Combination(
        ("volumeConfigurations", "schedulingStrategy"),
        "a DAEMON service takes no `volumeConfigurations`",
        "remove them",
        "B",
        lambda c: c.daemon and bool(c.at("volumeConfigurations")),
    ),
    Combination(
        ("capacityProviderStrategy",),
        "every weight in `capacityProviderStrategy` is 0, so no provider gets a task",
        "give one of them a weight",
        "B",
        lambda c: (
            (strategy := c.items("capacityProviderStrategy")) != [] and not any(numbers(strategy, "weight"))
        ),
    ),
    Combination(
        ("capacityProviderStrategy",),
        "only one provider in `capacityProviderStrategy` can have a `base`",
        "remove the others",
        "B",
        lambda c: sum(1 for base in numbers(c.items("capacityProviderStrategy"), "base") if base) > 1,
    ),
    Combination(
        ("capacityProviderStrategy",),
        "`capacityProviderStrategy` takes 20 providers at most",
        "remove some",
        "B",
        lambda c: len(c.items("capacityProviderStrategy")) > 20,
    ),
    Combination(
        ("loadBalancers",),
        "a load balancer has `targetGroupArn` or `loadBalancerName`, not both",
        "remove one of them",
        "aws/amazon-ecs-cli pull request 211",
        each(
            "loadBalancers",
            "loadBalancerName",
            lambda item: item.get("targetGroupArn") and item.get("loadBalancerName"),
        ),
        seen=True,
    ),
    Combination(
        ("placementConstraints",),
        "a `distinctInstance` constraint has no `expression`",
        "remove the expression",
        "B",
        each(
            "placementConstraints",
            "expression",
            lambda item: item.get("type") == "distinctInstance" and item.get("expression"),
        ),
    ),
    Combination(
        ("serviceRegistries",),
        "a service registry has a `port`, or a container's name and port, not both",
        "remove one of them",
        "trussworks/terraform-aws-ecs-service pull request 344",
        each(
            "serviceRegistries",
            "port",
            lambda item: item.get("port") and (item.get("containerName") or item.get("containerPort")),
        ),
        seen=True,
    ),
    Combination(
        ("networkConfiguration/awsvpcConfiguration/subnets",),
        "`subnets` is empty",
        "name the subnets that tasks get their network interfaces in",
        "awslabs/fargatecli issue 73",
        lambda c: c.at(*_SUBNETS) in ([], ()),
        seen=True,
    ),
    Combination(
        ("networkConfiguration/awsvpcConfiguration/subnets",),
        "`subnets` takes 16 subnets at most",
        "remove some",
        "opensearch-project/opensearch-migrations issue 1430",
        lambda c: isinstance(subnets := c.at(*_SUBNETS), list | tuple) and len(subnets) > 16,
        seen=True,
    ),
    Combination(
        ("platformVersion", "launchType"),
        "`platformVersion` is not for the launch type EC2",
        "remove it, or use FARGATE",
        "aws/amazon-ecs-cli issue 1040",
        lambda c: bool(c.file.get("platformVersion")) and not c.providers and c.at("launchType") == "EC2",
        seen=True,
    ),
    Combination(
        ("platformVersion", "capacityProviderStrategy", "launchType"),
        "`platformVersion` is for tasks on FARGATE alone",
        "remove it",
        "B",
        lambda c: (
            bool(c.file.get("platformVersion"))
            and (bool(c.providers) or c.at("launchType") == "EXTERNAL")
            and not c.on_fargate
        ),
    ),
    Combination(
        ("placementStrategy", "schedulingStrategy"),
        "a DAEMON service takes no `placementStrategy`",
        "remove it: there is a task on every instance that the constraints allow",
        "kayac/ecspresso pull request 402",
        lambda c: c.daemon and bool(c.at("placementStrategy")),
        seen=True,
    ),
    Combination(
        ("placementStrategy", "launchType", "capacityProviderStrategy"),
        "`placementStrategy` is for tasks on instances, not on FARGATE",
        "remove it",
        "aws-cloudformation/cloudformation-coverage-roadmap issue 2369",
        lambda c: c.on_fargate and bool(c.at("placementStrategy")),
        seen=True,
    ),
    Combination(  # an update of a live service was taken (terraform-provider-aws issue 26337)
        ("placementConstraints", "launchType", "capacityProviderStrategy"),
        "`placementConstraints` are for tasks on instances, not on FARGATE",
        "remove them",
        "GetSimpl/cloudlift pull request 138",
        lambda c: c.on_fargate and bool(c.at("placementConstraints")),
        seen=True,
        creation=True,
    ),
)
