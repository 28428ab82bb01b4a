"""The Express Mode service's table. Sources are named as in `task_definitions`; DG is the developer guide (resources
created by Express Mode services), TFe the issues of Terraform's aws_ecs_express_gateway_service.

What a file does not mention has its documented default (`DEFAULT`), or it is what AWS chose (`SERVER`). With a task
definition of the user's own that one says what it says (B, taskDefinitionArn), and what is described is read off it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from reconciler.core.kinds.rules import WHOLE, Key, Rule, Undeclared
from reconciler.core.kinds.spellings import cpu_units, mebibytes, revision_name, same_name, short_name
from reconciler.core.values import Json, JsonObject

D = Undeclared.DEFAULT
S = Undeclared.SERVER

MANAGED: Final = ("primaryContainer", "executionRoleArn", "taskRoleArn", "cpu", "memory", "cpuArchitecture")
"""What cannot be said beside a task definition of the user's own (B, taskDefinitionArn)."""


def _described(facts: JsonObject) -> Undeclared | None:
    return S if facts.get("taskDefinitionArn") else None


def _same_revision(desired: Json, live: Json) -> bool:
    """Compare revisions; it is sent as the file spells it, because the API asks for an ARN (B)."""
    return revision_name(desired) == revision_name(live)


def _managed(rule: Rule) -> Rule:
    """Leave a member to the task definition of the user's own, where there is one."""
    return replace(rule, undeclared_for=_described, deploys=True)


RULES: Final[dict[str, Rule]] = {
    "cluster": Rule(coerce=short_name, default="default", undeclared=S),  # B
    "serviceName": Rule(undeclared=S),
    "infrastructureRoleArn": Rule(same=same_name, undeclared=S),
    "executionRoleArn": Rule(same=same_name, undeclared=S, deploys=True),
    "taskRoleArn": _managed(Rule(same=same_name, undeclared=D)),
    "taskDefinitionArn": Rule(same=_same_revision, undeclared=S, deploys=True),
    # DG, EP and what users see; B says 256, 512 and /ping of CreateExpressGatewayService.
    "cpu": _managed(Rule(default="1024", undeclared=D, coerce=cpu_units)),
    "memory": _managed(Rule(default="2048", undeclared=D, coerce=mebibytes)),
    "healthCheckPath": Rule(default="/", undeclared=D, deploys=None),
    "cpuArchitecture": _managed(Rule(default="X86_64", undeclared=D)),  # B
    "networkConfiguration": Rule(undeclared=S, deploys=True),
    "networkConfiguration/subnets": Rule(key=WHOLE, undeclared=S),
    "networkConfiguration/securityGroups": Rule(key=WHOLE, undeclared=S),
    "primaryContainer": _managed(Rule()),
    "primaryContainer/image": Rule(undeclared=S),
    "primaryContainer/containerPort": Rule(default=80, undeclared=D),  # B
    "primaryContainer/awsLogsConfiguration": Rule(undeclared=S),  # a group is made where none is given (DG)
    "primaryContainer/repositoryCredentials": Rule(undeclared=D),
    "primaryContainer/command": Rule(undeclared=D),  # TFe 47436: [] where none was given
    "primaryContainer/environment": Rule(key=Key(("name",)), undeclared=D),  # EP
    "primaryContainer/environment/*/value": Rule(blank=True),
    "primaryContainer/secrets": Rule(key=Key(("name",)), undeclared=D),  # EP
    # What is said of it counts, and the rest is what AWS fills in (B, TFe 49511): no defaults, or they would not count.
    "scalingTarget": Rule(undeclared=S, deploys=None),
    **{
        f"scalingTarget/{name}": Rule(undeclared=S)
        for name in ("minTaskCount", "maxTaskCount", "autoScalingMetric", "autoScalingTargetValue")
    },
    "tags": Rule(key=Key(("key",)), undeclared=D),
    "tags/*/value": Rule(blank=True),
}
