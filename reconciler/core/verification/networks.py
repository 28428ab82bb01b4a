"""Subnets and security groups: they are there, all in one VPC."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.core.kinds.combinations.cases import at, objects
from reconciler.core.values import Json, JsonObject, Path
from reconciler.core.verification.checks import (
    Answers,
    Check,
    Judged,
    Needs,
    Verdict,
    failed,
    passed,
    skipped,
    unknown,
    warned,
)
from reconciler.core.verification.reads import Call, Found, call
from reconciler.core.verification.scenes import EXPRESS, SERVICE, Scene


def subnets(scene: Scene) -> tuple[str, ...]:
    """Give the subnets that tasks may run in."""
    return _texts(_home(scene).get("subnets"))


def checks(scene: Scene) -> Iterator[Check]:
    """Make the checks of a service's network."""
    asked, groups = subnets(scene), _texts(_home(scene).get("securityGroups"))
    document, path = _place(scene)
    if asked:
        read = read_subnets(asked)
        yield Check(
            subject=f"subnets {', '.join(asked)}",
            document=document,
            path=(*path, "subnets"),
            reads=(read,),
            judge=lambda answers: _subnets(answers, read, asked, (*path, "subnets")),
        )
    if groups:
        described = _only("DescribeSecurityGroups", "SecurityGroups", "group-id", groups)
        more = (read_subnets(asked),) if asked else ()
        yield Check(
            subject=f"security groups {', '.join(groups)}",
            document=document,
            path=(*path, "securityGroups"),
            reads=(described, *more),
            judge=lambda answers: _groups(
                answers, described, groups, vpc(answers, asked), (*path, "securityGroups")
            ),
        )


def read_subnets(names: Sequence[str]) -> Call:
    """Give the call that describes subnets: of those that are not there it only says nothing."""
    return _only("DescribeSubnets", "Subnets", "subnet-id", names)


def there(answers: Answers, names: Sequence[str]) -> list[JsonObject]:
    """Give the subnets that were found, none where they may not be read."""
    answer = answers[read_subnets(names)]
    return objects(answer.body.get("Subnets")) if isinstance(answer, Found) else []


def vpc(answers: Answers, names: Sequence[str]) -> str:
    """Give the VPC of subnets, empty where it is not known or not one."""
    found = {str(each.get("VpcId")) for each in there(answers, names)} if names else set()
    return found.pop() if len(found) == 1 else ""


def _home(scene: Scene) -> JsonObject:
    own = scene.express.get("networkConfiguration") or at(
        scene.service, "networkConfiguration", "awsvpcConfiguration"
    )
    return own if isinstance(own, dict) else {}


def _place(scene: Scene) -> tuple[str, Path]:
    if scene.express:
        return EXPRESS, ("networkConfiguration",)
    return SERVICE, ("networkConfiguration", "awsvpcConfiguration")


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(str, value))) if isinstance(value, list | tuple) else ()


def _only(operation: str, member: str, name: str, values: Sequence[str]) -> Call:
    only: Json = [{"Name": name, "Values": sorted(values)}]
    return call("ec2", operation, member=member, Filters=only)


def _lacking(
    what: str, names: Sequence[str], found: Sequence[JsonObject], key: str, path: Path
) -> list[Verdict]:
    held = {each.get(key) for each in found}
    return [
        failed(f"there is no {what} {name}", "correct it, or the region and account", (*path, index))
        for index, name in enumerate(names)
        if name not in held
    ]


def _subnets(answers: Answers, read: Call, names: Sequence[str], path: Path) -> Judged:
    answer = answers[read]
    if not isinstance(answer, Found):
        return [unknown(answer, "subnets")]
    found = objects(answer.body.get("Subnets"))
    verdicts = _lacking("subnet", names, found, "SubnetId", path)
    vpcs = {str(each.get("VpcId")) for each in found}
    if len(vpcs) > 1:
        named = ", ".join(f"{each.get('SubnetId')} in {each.get('VpcId')}" for each in found)
        verdicts.append(failed(f"the subnets are of several VPCs: {named}", "keep those of one VPC"))
    return verdicts or [passed(f"in {''.join(vpcs)}")]


def _groups(answers: Answers, read: Call, names: Sequence[str], own: str, path: Path) -> Judged:
    answer = answers[read]
    if not isinstance(answer, Found):
        return [unknown(answer, "security groups")]
    found = objects(answer.body.get("SecurityGroups"))
    verdicts = _lacking("security group", names, found, "GroupId", path)
    strangers = {
        str(each.get("GroupId")): str(each.get("VpcId")) for each in found if own and each.get("VpcId") != own
    }
    if strangers:
        # A group may be associated with further VPCs (EC2 API reference, AssociateSecurityGroupVpc).
        associated = _only(
            "DescribeSecurityGroupVpcAssociations",
            "SecurityGroupVpcAssociations",
            "group-id",
            tuple(strangers),
        )
        if associated not in answers:
            return Needs((associated,))
        more = answers[associated]
        pairs = objects(more.body.get("SecurityGroupVpcAssociations")) if isinstance(more, Found) else []
        joined = {str(pair.get("GroupId")) for pair in pairs if pair.get("VpcId") == own}
        for name in sorted(strangers.keys() - joined):
            what = f"the security group {name} is of {strangers[name]}, and the subnets are of {own}"
            place = (*path, names.index(name))
            if isinstance(more, Found):
                verdicts.append(failed(what, f"name one of {own}", place))
            else:
                said = f"{what}; whether it is associated with that is not known"
                verdicts.append(warned(said, f"name one of {own}", place))
    if verdicts:
        return verdicts
    return [passed(f"in {own}")] if own else [passed(), skipped("of which VPC they have to be is not known")]
