"""What a seed says of services that are not ECS: networks, stacks, and calls that go to moto."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from reconciler import sandbox
from reconciler.sandbox import seeds
from reconciler.sandbox.errors import SandboxError
from tests.sandbox.test_seeds import client

NETWORKS = {
    "vpc-a": {"subnets": ["subnet-1", "subnet-2"], "security_groups": ["sg-1"]},
    "vpc-b": {"subnets": ["subnet-3"]},
}
STACKS = {
    "network": {"outputs": {"VpcId": "vpc-a", "Note": "a < b"}, "exports": {"main-vpc": "VpcId"}},
    "busy": {"status": "UPDATE_IN_PROGRESS"},
}


def test_networks() -> None:
    with sandbox.serving({"networks": NETWORKS}) as server:
        ec2 = client(server.endpoint_url, "ec2")

        def subnets(**members: Any) -> list[tuple[str, str]]:
            found = ec2.describe_subnets(**members)["Subnets"]
            return [(each["SubnetId"], each["VpcId"]) for each in found]

        assert len(subnets()) == 3
        assert subnets(SubnetIds=["subnet-3"]) == [("subnet-3", "vpc-b")]
        named = {"Name": "subnet-id", "Values": ["subnet-1", "subnet-3", "subnet-9"]}
        in_a = {"Name": "vpc-id", "Values": ["vpc-a"]}
        assert subnets(Filters=[named, in_a]) == [("subnet-1", "vpc-a")]
        with pytest.raises(
            ClientError, match=r"InvalidSubnetID\.NotFound.*The subnet ID 'subnet-9' does not exist"
        ):
            subnets(SubnetIds=["subnet-9"])
        with pytest.raises(ClientError, match="does not simulate the filter state"):
            subnets(Filters=[{"Name": "state", "Values": ["x"]}])
        (group,) = ec2.describe_security_groups(GroupIds=["sg-1"])["SecurityGroups"]
        assert (group["VpcId"], group["IpPermissions"]) == ("vpc-a", [])
        assert [each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]] == ["vpc-a", "vpc-b"]


def test_stacks() -> None:
    with sandbox.serving({"stacks": STACKS}) as server:
        cloudformation = client(server.endpoint_url, "cloudformation")
        (stack,) = cloudformation.describe_stacks(StackName="network")["Stacks"]
        assert stack["Outputs"] == [
            {"OutputKey": "VpcId", "OutputValue": "vpc-a", "ExportName": "main-vpc"},
            {"OutputKey": "Note", "OutputValue": "a < b"},
        ]
        assert cloudformation.describe_stacks(StackName=stack["StackId"])["Stacks"] == [stack]
        listed = cloudformation.list_stacks()["StackSummaries"]
        assert [each["StackStatus"] for each in listed] == ["CREATE_COMPLETE", "UPDATE_IN_PROGRESS"]
        (export,) = cloudformation.list_exports()["Exports"]
        assert export == {"ExportingStackId": stack["StackId"], "Name": "main-vpc", "Value": "vpc-a"}
        with pytest.raises(ClientError, match="Stack with id nope does not exist"):
            cloudformation.describe_stacks(StackName="nope")


def test_target_groups_and_rules() -> None:
    prefix = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
    blue, green = (f"{prefix}:targetgroup/{name}/0123456789abcdef" for name in ("blue", "green"))
    rule, other = (f"{prefix}:listener-rule/app/web/1/{number}/3" for number in (2, 4))
    seed = {
        "target_groups": {
            blue: {"VpcId": "vpc-a"},
            green: {"TargetType": "instance", "LoadBalancerArns": []},
        },
        "listener_rules": {rule: [blue, green], other: [blue]},
    }
    with sandbox.serving(seed) as server:
        elb = client(server.endpoint_url, "elbv2")
        (group,) = elb.describe_target_groups(TargetGroupArns=[blue])["TargetGroups"]
        members = ("TargetGroupName", "Protocol", "Port", "VpcId", "TargetType", "HealthCheckPort")
        assert [group[each] for each in members] == ["blue", "HTTP", 80, "vpc-a", "ip", "traffic-port"]
        assert len(group["LoadBalancerArns"]) == 1
        (group,) = elb.describe_target_groups(Names=["green"])["TargetGroups"]
        assert (group["TargetType"], group["LoadBalancerArns"]) == ("instance", [])
        with pytest.raises(elb.exceptions.TargetGroupNotFoundException):
            elb.describe_target_groups(TargetGroupArns=[blue, f"{blue}x"])
        (found,) = elb.describe_rules(RuleArns=[rule])["Rules"]
        weights = found["Actions"][0]["ForwardConfig"]["TargetGroups"]
        assert [(each["TargetGroupArn"], each["Weight"]) for each in weights] == [(blue, 1), (green, 0)]
        (found,) = elb.describe_rules(ListenerArn=f"{prefix}:listener/app/web/1/4")["Rules"]
        assert (found["RuleArn"], found["Actions"][0]["TargetGroupArn"]) == (other, blue)
        with pytest.raises(elb.exceptions.RuleNotFoundException):
            elb.describe_rules(RuleArns=[f"{rule}x"])


def test_calls_reach_moto() -> None:
    pytest.importorskip("moto", reason="the extra 'sandbox' is not installed")
    calls = [
        {"service": "iam", "operation": "CreateRole", "RoleName": "r", "AssumeRolePolicyDocument": "{}"},
        {"service": "ssm", "operation": "PutParameter", "Name": "/p", "Value": "v", "Type": "String"},
    ]
    with sandbox.serving({"calls": calls}) as server:
        for region in ("eu-west-1", "us-east-1"):
            parameter = client(server.endpoint_url, "ssm", region).get_parameter(Name="/p")["Parameter"]
            assert parameter["Value"] == "v"
        assert client(server.endpoint_url, "iam").get_role(RoleName="r")["Role"]["RoleName"] == "r"


def test_a_call_that_moto_refuses_is_said_each_time() -> None:
    pytest.importorskip("moto", reason="the extra 'sandbox' is not installed")
    call = {"service": "iam", "operation": "GetRole", "RoleName": "nobody"}
    with sandbox.serving({"calls": [call]}) as server:
        for _ in range(2):
            with pytest.raises(
                ClientError, match=r"SeedFailed.*moto refused iam GetRole \(calls\[0\]\) of the seed"
            ):
                client(server.endpoint_url, "iam").get_role(RoleName="r")


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ({"networks": {"vpc": {"subnet": []}}}, "networks.vpc: has no member 'subnet'"),
        ({"stacks": {"a": {"outputs": {"x": 1}}}}, "stacks.a.outputs: must be an object with texts"),
        ({"stacks": {"a": {"exports": {"x": "y"}}}}, "stacks.a: exports the output 'y', which there is not"),
        ({"stacks": {"a": {"output": {}}}}, "stacks.a: has no member 'output'"),
        ({"calls": [{"service": "s3", "operation": "x"}]}, "calls[0]: is for other services"),
        ({"target_groups": {"arn": {"Vpc": "x"}}}, "target_groups.arn: has no member 'Vpc'"),
        ({"listener_rules": {"arn": "x"}}, "listener_rules.arn: must be a list"),
        ({"log_groups": [1]}, "log_groups: must be a list of texts"),
        ({"calls": [{"service": "iam"}]}, "calls[0]: must be an object with `service` and `operation`"),
        ({"calls": [{"service": "iamm", "operation": "x"}]}, "calls[0].service: there is no service 'iamm'"),
        (
            {"calls": [{"service": "iam", "operation": "Get"}]},
            "calls[0].operation: iam has no operation 'Get'",
        ),
        ({"calls": [{"service": "iam", "operation": "GetRole"}]}, "calls[0]: Missing required parameter"),
    ],
)
def test_mistakes_are_named(seed: dict[str, Any], message: str) -> None:
    with pytest.raises(SandboxError) as raised:
        seeds.read(seed)
    assert message in str(raised.value)
