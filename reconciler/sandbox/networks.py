"""EC2 as far as a seed says of it: VPCs with their subnets and security groups, described as EC2 describes them.

moto has the rest of that API; without `networks` in the seed it has all of it.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from reconciler.sandbox import rules, wire
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import ACCOUNT, World

SERVICE: Final = "ec2"
_NAMESPACE: Final = "http://ec2.amazonaws.com/doc/2016-11-15/"
_Described = tuple[str, dict[str, dict[str, object]], str, str]


@rules.documented("ec2 model, Subnet")
@rules.guessed("zones in turn, address ranges, addresses that are left")
def _subnets(world: World) -> _Described:
    found: dict[str, dict[str, object]] = {}
    for vpc, network in world.networks.items():
        for number, name in enumerate(network.subnets):
            found[name] = {
                "subnetId": name,
                "subnetArn": f"arn:aws:ec2:{world.region}:{ACCOUNT}:subnet/{name}",
                "vpcId": vpc,
                "ownerId": ACCOUNT,
                "state": "available",
                "cidrBlock": f"10.0.{number}.0/24",
                "availableIpAddressCount": 251,
                "availabilityZone": f"{world.region}{'abc'[number % 3]}",
                "availabilityZoneId": f"use1-az{number % 3 + 1}",
                "defaultForAz": "false",
                "mapPublicIpOnLaunch": "false",
                "assignIpv6AddressOnCreation": "false",
            }
    return "subnetSet", found, "subnet-id", "InvalidSubnetID.NotFound"


@rules.documented("ec2 model, SecurityGroup")
def _security_groups(world: World) -> _Described:
    found: dict[str, dict[str, object]] = {
        name: {
            "groupId": name,
            "groupName": name,
            "groupDescription": "of the seed",
            "vpcId": vpc,
            "ownerId": ACCOUNT,
            "ipPermissions": [],
            "ipPermissionsEgress": [],
        }
        for vpc, network in world.networks.items()
        for name in network.security_groups
    }
    return "securityGroupInfo", found, "group-id", "InvalidGroup.NotFound"


@rules.documented("ec2 model, Vpc")
def _vpcs(world: World) -> _Described:
    found: dict[str, dict[str, object]] = {
        name: {
            "vpcId": name,
            "ownerId": ACCOUNT,
            "state": "available",
            "cidrBlock": "10.0.0.0/16",
            "isDefault": "false",
            "instanceTenancy": "default",
        }
        for name in world.networks
    }
    return "vpcSet", found, "vpc-id", "InvalidVpcID.NotFound"


_OPERATIONS: Final[Mapping[str, tuple[str, Callable[[World], _Described]]]] = {
    "DescribeSubnets": ("SubnetId", _subnets),
    "DescribeSecurityGroups": ("GroupId", _security_groups),
    "DescribeVpcs": ("VpcId", _vpcs),
}
_FILTERS: Final = {"vpc-id": "vpcId", "availability-zone": "availabilityZone", "group-name": "groupName"}


def answer(world: World, operation: str, form: Mapping[str, str]) -> str | None:
    """Answer a call as XML, or give None if it is moto's."""
    if not world.networks or operation not in _OPERATIONS:
        return None
    member, described = _OPERATIONS[operation]
    return _written(operation, form, member, described(world))


@rules.documented("ec2 model: all, or those asked for by id (…NotFound) or filters; all on one page here")
@rules.reported("recordings: The subnet ID 'subnet-…' does not exist")
@rules.guessed("the wording for security groups and VPCs")
def _written(operation: str, form: Mapping[str, str], member: str, described: _Described) -> str:
    element, found, own, code = described
    asked = [value for name, value in form.items() if re.fullmatch(rf"{member}\.\d+", name)]
    for each in asked:
        if each not in found:
            raise Refusal(code, f"The {own.removesuffix('-id')} ID '{each}' does not exist")
    wanted = {name: found[name] for name in asked} if asked else found
    for number in (name.split(".")[1] for name in form if re.fullmatch(r"Filter\.\d+\.Name", name)):
        name = form[f"Filter.{number}.Name"]
        values = {form[each] for each in form if each.startswith(f"Filter.{number}.Value.")}
        if name != own and name not in _FILTERS:
            message = f"The sandbox does not simulate the filter {name} of {operation}."
            raise Refusal("NotSimulatedBySandbox", message, status=501)
        wanted = {
            key: each
            for key, each in wanted.items()
            if (key if name == own else each.get(_FILTERS[name])) in values
        }
    body = wire.elements(
        {"requestId": "00000000-0000-4000-8000-000000000000", element: list(wanted.values())}, "item"
    )
    return f'<{operation}Response xmlns="{_NAMESPACE}">{body}</{operation}Response>'
