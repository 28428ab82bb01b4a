"""Target groups and what leads to them: they are there, take the tasks' addresses, and stand in the subnets' VPC.

What ECS refuses of a target group: developer guide, "Application Load Balancers", and the service's events. Container
and port are held against the task definition by the tables of combinations.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reconciler.core.kinds.combinations.cases import at, objects
from reconciler.core.values import Json, JsonObject, Path
from reconciler.core.verification import arns, lookups, networks, roles
from reconciler.core.verification.checks import (
    Answers,
    Check,
    Judged,
    Verdict,
    failed,
    passed,
    settled,
    unknown,
    warned,
)
from reconciler.core.verification.reads import Call, Found, Missing, call
from reconciler.core.verification.scenes import SERVICE, Scene

_DATAGRAMS: Final = ("UDP", "TCP_UDP", "QUIC", "TCP_QUIC")


def checks(scene: Scene) -> Iterator[Check]:
    """Make the checks of a service's load balancers."""
    for index, item in enumerate(objects(scene.service.get("loadBalancers"))):
        path: Path = ("loadBalancers", index)
        if name := item.get("loadBalancerName"):
            read = call("elb", "DescribeLoadBalancers", LoadBalancerNames=[name])
            yield lookups.simple(f"load balancer {name}", read, SERVICE, (*path, "loadBalancerName"))
        if item.get("targetGroupArn"):
            yield _first(scene, item, path)
        if item.get("advancedConfiguration"):
            yield from _advanced(scene, item, (*path, "advancedConfiguration"))
    for index, item in enumerate(objects(scene.service.get("vpcLatticeConfigurations"))):
        yield from _lattice(scene, item, ("vpcLatticeConfigurations", index))


def _first(scene: Scene, item: JsonObject, path: Path) -> Check:
    serves = f"{item.get('containerName')}:{item.get('containerPort')}"
    place = (*path, "targetGroupArn")
    # CodeDeploy takes the listener from one target group of the pair to the other, and back with the next deployment.
    moves = scene.case.controller == "CODE_DEPLOY" and bool(scene.live)
    return _group(scene, item, item["targetGroupArn"], place, serves, attached=not moves)


def _group(scene: Scene, item: JsonObject, arn: Json, path: Path, serves: str, *, attached: bool) -> Check:
    subject = f"target group {arns.short(arn)}"
    parsed = arns.parse(arn)
    if (
        parsed is None
        or parsed.service != "elasticloadbalancing"
        or not parsed.rest.startswith("targetgroup/")
    ):
        wrong = failed(f"{arn} is no ARN of a target group", "write the ARN that DescribeTargetGroups shows")
        return Check(subject=subject, document=SERVICE, path=path, judge=settled([wrong]))
    if scene.region and parsed.region != scene.region:
        wrong = failed(
            f"it is in {parsed.region}, and the service in {scene.region}", "name one of its region"
        )
        return Check(subject=subject, document=SERVICE, path=path, judge=settled([wrong]))
    read = _described(arn)
    subnets = networks.subnets(scene)
    more = (networks.read_subnets(subnets),) if subnets else ()

    def judge(answers: Answers) -> Judged:
        answer = answers[read]
        groups = objects(answer.body.get("TargetGroups")) if isinstance(answer, Found) else []
        if isinstance(answer, Missing) or (isinstance(answer, Found) and not groups):
            return [failed(f"there is no target group {arns.short(arn)}", "create it, or correct the ARN")]
        if not isinstance(answer, Found):
            return [unknown(answer, subject)]
        own = networks.vpc(answers, subnets)
        verdicts = [*_fits(scene, item, groups[0], own), *(_attached(groups[0]) if attached else ())]
        return verdicts or [passed(f"serves {serves}")]

    return Check(subject=subject, document=SERVICE, path=path, reads=(read, *more), judge=judge)


def _described(arn: Json) -> Call:
    return call("elbv2", "DescribeTargetGroups", TargetGroupArns=[arn])


def _attached(group: JsonObject) -> Iterator[Verdict]:
    balancers = group.get("LoadBalancerArns")
    if isinstance(balancers, list | tuple) and not balancers:
        what = "no listener of a load balancer leads to the target group: ECS refuses it"
        yield failed(what, "add it to a listener or a rule")


def _fits(scene: Scene, item: JsonObject, group: JsonObject, vpc: str) -> Iterator[Verdict]:
    kind, wanted = group.get("TargetType"), "ip" if scene.case.awsvpc else "instance"
    if scene.task and kind != wanted:
        mode = scene.task.get("networkMode") or "bridge"
        what = f"its targets are of type {kind}, and tasks in networkMode {mode} are of type {wanted}"
        yield failed(what, f"make one with target type {wanted}")
    if vpc and group.get("VpcId") not in (None, vpc):
        yield failed(f"it is in {group['VpcId']}, and the subnets are in {vpc}", f"name one of {vpc}")
    mappings = objects(scene.case.containers().get(str(item.get("containerName")), {}).get("portMappings"))
    protocols = {
        str(each.get("protocol") or "tcp")
        for each in mappings
        if each.get("containerPort") == item.get("containerPort")
    }
    if protocols:
        datagrams = group.get("Protocol") in _DATAGRAMS
        if (group.get("Protocol") == "UDP" and "udp" not in protocols) or (
            not datagrams and "tcp" not in protocols
        ):
            what = f"it speaks {group.get('Protocol')}, and the container's port {item.get('containerPort')} "
            yield failed(
                f"{what}is mapped for {' and '.join(sorted(protocols))}", "correct `protocol` of the mapping"
            )
    checked = group.get("HealthCheckPort")
    mapped = {str(each.get("containerPort")) for each in mappings}
    if (
        isinstance(checked, str)
        and checked.isdecimal()
        and mapped
        and checked not in mapped
        and scene.case.awsvpc
    ):
        what = f"its health check asks port {checked}, which the container does not map"
        yield warned(what, "see that something listens there, or set it to traffic-port")


def _advanced(scene: Scene, item: JsonObject, path: Path) -> Iterator[Check]:
    given = item["advancedConfiguration"]
    first, other = item.get("targetGroupArn"), at(given, "alternateTargetGroupArn")
    if other:
        place = (*path, "alternateTargetGroupArn")
        serves = f"{item.get('containerName')}:{item.get('containerPort')}, in turns"
        yield _group(scene, item, other, place, serves, attached=False)
    for name, what in (("productionListenerRule", "production"), ("testListenerRule", "test")):
        if rule := at(given, name):
            yield _rule(what, rule, {str(first), str(other)}, (*path, name))
    role = roles.check(
        scene, "role for the load balancer", at(given, "roleArn"), roles.SERVICES, SERVICE, (*path, "roleArn")
    )
    if role is not None:
        yield role


def _rule(what: str, arn: Json, groups: set[str], path: Path) -> Check:
    """Make the check of a listener's rule, or, of a Network Load Balancer, of a listener."""
    listener = ":listener/" in str(arn)
    read = (
        call("elbv2", "DescribeListeners", ListenerArns=[arn])
        if listener
        else call("elbv2", "DescribeRules", RuleArns=[arn])
    )
    subject = f"{what} {'listener' if listener else 'listener rule'} {arns.short(arn)}"

    def judge(answer: Found) -> list[Verdict]:
        member, actions = ("Listeners", "DefaultActions") if listener else ("Rules", "Actions")
        found = objects(answer.body.get(member))
        if not found:
            return [failed(f"there is no {subject}", "correct the ARN")]
        led = set(_led(objects(found[0].get(actions))))
        if led and not led & groups:
            named = ", ".join(arns.short(each) for each in sorted(led))
            return [
                failed(
                    f"it leads to {named}, none of the service's target groups", "correct the rule or the ARN"
                )
            ]
        return [passed()]

    return lookups.simple(subject, read, SERVICE, path, judge)


def _led(actions: list[JsonObject]) -> Iterator[str]:
    for action in actions:
        if action.get("TargetGroupArn"):
            yield str(action["TargetGroupArn"])
        for group in objects(at(action, "ForwardConfig", "TargetGroups")):
            yield str(group.get("TargetGroupArn"))


def _lattice(scene: Scene, item: JsonObject, path: Path) -> Iterator[Check]:
    arn = item.get("targetGroupArn")
    read = call("vpc-lattice", "GetTargetGroup", targetGroupIdentifier=arn)

    def judge(answer: Found) -> list[Verdict]:
        status, kind = answer.body.get("status"), answer.body.get("type")
        if kind not in (None, "IP"):
            return [
                failed(f"its targets are of type {kind}, and tasks are of type IP", "make one of type IP")
            ]
        return [
            passed() if status in (None, "ACTIVE") else failed(f"it is {status}", "see to it in VPC Lattice")
        ]

    subject = f"VPC Lattice target group {arns.short(arn)}"
    yield lookups.simple(subject, read, SERVICE, (*path, "targetGroupArn"), judge)
    role = roles.check(
        scene, "role for VPC Lattice", item.get("roleArn"), roles.SERVICES, SERVICE, (*path, "roleArn")
    )
    if role is not None:
        yield role
