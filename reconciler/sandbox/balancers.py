"""Elastic Load Balancing as far as a seed says of it: target groups, and which groups rules of listeners lead to.

moto has the rest of that API; where the seed has no `target_groups` and no `listener_rules`, it has these as well.
"""

import re
from collections.abc import Mapping
from typing import Final

from reconciler.sandbox import rules, wire
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import ACCOUNT, Body, World

_NAMESPACE: Final = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"
_USUAL: Final[Body] = {
    "Protocol": "HTTP",
    "Port": 80,
    "HealthCheckProtocol": "HTTP",
    "HealthCheckPort": "traffic-port",
    "HealthCheckEnabled": "true",
    "HealthCheckIntervalSeconds": 30,
    "HealthCheckTimeoutSeconds": 5,
    "HealthyThresholdCount": 5,
    "UnhealthyThresholdCount": 2,
    "HealthCheckPath": "/",
    "TargetType": "ip",
    "IpAddressType": "ipv4",
}


def answer(world: World, operation: str, form: Mapping[str, str]) -> str | None:
    """Answer a call as XML, or give None if it is moto's."""
    if operation == "DescribeTargetGroups" and world.target_groups:
        return _written(operation, "TargetGroups", _target_groups(world, form))
    if operation == "DescribeRules" and world.listener_rules:
        return _written(operation, "Rules", _rules(world, form))
    return None


@rules.documented("elbv2 model, DescribeTargetGroups: all, or those named by ARN, name or load balancer")
@rules.reported("recordings: TargetGroupNotFound: One or more target groups not found")
@rules.guessed("a group of which the seed does not say so stands behind one load balancer; all on one page")
def _target_groups(world: World, form: Mapping[str, str]) -> list[Body]:
    balancer = (
        f"arn:aws:elasticloadbalancing:{world.region}:{ACCOUNT}:loadbalancer/app/sandbox/0123456789abcdef"
    )
    known = {
        arn: {
            "TargetGroupArn": arn,
            "TargetGroupName": arn.rpartition(":targetgroup/")[2].partition("/")[0],
            "LoadBalancerArns": [balancer],
            **_USUAL,
            **given,
        }
        for arn, given in world.target_groups.items()
    }
    arns, names = _asked(form, "TargetGroupArns"), _asked(form, "Names")
    chosen = [
        each
        for arn, each in known.items()
        if (not arns or arn in arns) and (not names or each["TargetGroupName"] in names)
    ]
    if len(chosen) < len(arns) or len(chosen) < len(names):
        raise Refusal("TargetGroupNotFound", "One or more target groups not found")
    behind = form.get("LoadBalancerArn")
    return [each for each in chosen if behind in (None, *each["LoadBalancerArns"])]


@rules.documented("elbv2 model, DescribeRules: those named by ARN, or a listener's")
@rules.reported("recordings: RuleNotFound: One or more rules not found")
@rules.guessed("every rule is for all paths; all on one page")
def _rules(world: World, form: Mapping[str, str]) -> list[Body]:
    arns, listener = _asked(form, "RuleArns"), form.get("ListenerArn", "")
    if any(each not in world.listener_rules for each in arns):
        raise Refusal("RuleNotFound", "One or more rules not found")
    prefix = listener.replace(":listener/", ":listener-rule/") + "/"
    chosen = arns or [each for each in world.listener_rules if each.startswith(prefix)]
    return [
        {
            "RuleArn": arn,
            "Priority": str(number),
            "IsDefault": "false",
            "Conditions": [{"Field": "path-pattern", "Values": ["*"]}],
            "Actions": [_forward(world.listener_rules[arn])],
        }
        for number, arn in enumerate(chosen, 1)
    ]


@rules.documented("elbv2 model, Action: TargetGroupArn beside ForwardConfig where there is one group only")
def _forward(groups: tuple[str, ...]) -> Body:
    weights = [{"TargetGroupArn": each, "Weight": int(number == 0)} for number, each in enumerate(groups)]
    one = {"TargetGroupArn": groups[0]} if len(groups) == 1 else {}
    return {"Type": "forward", **one, "Order": 1, "ForwardConfig": {"TargetGroups": weights}}


def _asked(form: Mapping[str, str], member: str) -> list[str]:
    return [value for name, value in form.items() if re.fullmatch(rf"{member}\.member\.\d+", name)]


def _written(operation: str, member: str, found: list[Body]) -> str:
    return (
        f'<{operation}Response xmlns="{_NAMESPACE}"><{operation}Result>{wire.elements({member: found}, "member")}'
        f"</{operation}Result><ResponseMetadata><RequestId>00000000-0000-4000-8000-000000000000</RequestId>"
        f"</ResponseMetadata></{operation}Response>"
    )
