"""The policy that `iam-policy` prints against the calls that the sandbox saw: all are allowed, and nothing idle is."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from reconciler import Project, Reconciler
from reconciler.aws.registries import Registries
from reconciler.core.verification.reads import Unanswered
from reconciler.errors import ConfigError
from tests.cli.commands import CLUSTER, REGION, ROOT, SERVICE, Box, Cli, edit
from tests.cli.conftest import boxed
from tests.cli.test_codedeploy import OPTIONS, Shop, given, shop

__all__ = ["given", "shop"]  # fixtures

ARN = f"arn:aws:ecs:{REGION}:123456789012"
WITHIN = {"ecs:cluster": f"{ARN}:cluster/{CLUSTER}"}
PREFIXES = {"monitoring": "cloudwatch"}
"""The prefixes of actions that are not the name by which requests are signed."""

_WITHIN = ("ecs:ListTasks", "ecs:RunTask", "ecs:ListServices")
"""Actions whose resource does not name the cluster."""

FREE = {"sts:GetCallerIdentity"}

IDLE: dict[str, dict[str, str]] = {
    "application-autoscaling:DescribeScalableTargets": {
        "plan apply": "the number of tasks is the file's, so nobody else's is asked for"
    },
    "codedeploy:BatchGetDeployments": {"plan": "no deployment is known yet that would name the group"},
    "codedeploy:GetDeploymentConfig": {"apply rollback": "AWS asks for it with CreateDeployment"},
    "codedeploy:GetDeploymentTarget": {"apply rollback": "a deployment may be over before anybody looks"},
    "codedeploy:ListApplications": {"rollback": "a deployment is known that names the group"},
    "codedeploy:ListDeploymentGroups": {"rollback": "a deployment is known that names the group"},
    "codedeploy:RegisterApplicationRevision": {"apply rollback": "AWS asks for it with CreateDeployment"},
    "codedeploy:StopDeployment": {"rollback": "no deployment is under way"},
    "ecs:CreateService": {"apply": "the service is there"},
    "ecs:DescribeServiceDeployments": {
        "apply refresh status": "no rollout is under way, or it is over before anybody looks"
    },
    "ecs:DescribeServices": {
        "run tasks": "the service's own settings are in the file; `tasks trace` reads it"
    },
    "ecs:DescribeTaskDefinition": {
        "rollback": "only --to names a revision to look at",
        "run tasks revisions": "what is registered anew, or listed, is not looked at",
    },
    "ecs:DescribeTasks": {"run": "nobody waits for it"},
    "ecs:ListServiceDeployments": {
        "apply refresh status": "no rollout is under way, or it is over before anybody looks"
    },
    "ecs:RegisterTaskDefinition": {"run": "the newest revision is what the file says"},
    "ecs:StopServiceDeployment": {"rollback": "no rollout is under way"},
    "ecs:StopTask": {"tasks": "only `tasks stop` does"},
    "ecs:TagResource": {"apply": "no tag changes; AWS asks for it where tags are registered along"},
    "ecs:UntagResource": {"apply": "no tag changes"},
    "ecs:UpdateService": {
        "apply": "CodeDeploy's deployments change all but the number of tasks and the like"
    },
    "iam:PassRole": {"run": "nothing is registered"},
    "logs:FilterLogEvents": {"run tasks": "nobody waits for lines"},
}
"""What is allowed and may not be called: the action, the commands, and why."""


class Policy:
    """A policy document, judged as IAM judges one (IAM user guide, policy evaluation): any statement may allow."""

    def __init__(self, text: str) -> None:
        """Read it."""
        self.document: dict[str, Any] = json.loads(text)

    @property
    def actions(self) -> set[str]:
        """Give the actions that it allows on anything."""
        return {action for statement in self.document["Statement"] for action in statement["Action"]}

    def allows(self, action: str, resource: str, context: Mapping[str, str]) -> bool:
        """Tell whether it allows an action on a resource."""
        return any(
            action in statement["Action"]
            and any(fnmatchcase(resource, pattern) for pattern in listed(statement["Resource"]))
            and all(
                fnmatchcase(context.get(key, ""), value)
                for operator in statement.get("Condition", {}).values()
                for key, value in operator.items()
            )
            for statement in self.document["Statement"]
        )


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def authorised(call: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Give what IAM is asked of a call: action, resource, context; AWS asks for roles that are handed over, too."""
    action = f"{PREFIXES.get(call['service'], call['service'])}:{call['operation']}"
    if action in FREE:
        return
    request = call["request"]
    for resource in resources(call["service"], call["operation"], request):
        yield action, resource, WITHIN if action in _WITHIN else {}
    if action == "ecs:RegisterTaskDefinition":
        for role in (request.get("executionRoleArn"), request.get("taskRoleArn")):
            if role is not None:
                yield "iam:PassRole", role, {"iam:PassedToService": "ecs-tasks.amazonaws.com"}


def resources(service: str, operation: str, request: Mapping[str, Any]) -> Iterable[str]:
    """Give what a call is about, as the Service Authorization Reference names the resources of its action."""
    if service == "logs":
        name = request.get("logGroupName") or request["logGroupNamePrefix"]
        return [f"arn:aws:logs:{REGION}:123456789012:log-group:{name}:log-stream:x"]
    if operation in ("GetRole", "AssumeRole"):
        name = request.get("RoleName") or str(request["RoleArn"]).rpartition("/")[2]
        return [f"arn:aws:iam::123456789012:role/{name}"]
    if operation == "DescribeClusters":
        return [f"{ARN}:cluster/{name}" for name in request["clusters"]]
    if service == "ssm":
        return list(request["Names"])
    if service == "codedeploy" and "applicationName" in request:
        group = request.get("deploymentGroupName") or next(iter(request.get("deploymentGroupNames", [])), "")
        kind = f"deploymentgroup:{request['applicationName']}/{group}"
        name = kind if group else f"application:{request['applicationName']}"
        return [f"arn:aws:codedeploy:{REGION}:123456789012:{name}"]
    if operation == "BatchGetDeployments":
        return [f"arn:aws:codedeploy:{REGION}:123456789012:deploymentgroup:shop/web"]
    for member in ("serviceDeploymentArns", "serviceRevisionArns", "tasks"):
        if member in request:
            return list(request[member])
    if operation == "RunTask":
        return [str(request["taskDefinition"])]
    named = request.get("services") or [request.get("service") or request.get("serviceName")]
    if service == "ecs" and named[0] and operation != "ListTasks":
        assert request["cluster"] == CLUSTER
        return [f"{ARN}:service/{CLUSTER}/{str(name).rpartition('/')[2]}" for name in named]
    return ["*"]


def idle(cli: Cli, box: Box, *runs: tuple[str, ...], **environ: str) -> set[tuple[str, str]]:
    """Run commands, see that the policy of each allows what it called; give what it allows that it had no use for."""
    found: set[tuple[str, str]] = set()
    for words in runs:
        printed = cli("iam-policy", words[0], "--without-diagnosis", **environ)
        assert printed.code == 0, printed
        policy = Policy(printed.out)
        before = len(box.serving.calls())
        ran = cli(*words, **environ)
        assert ran.code == 0, ran
        asked = [each for call in box.serving.calls()[before:] for each in authorised(call)]
        assert [each for each in asked if not policy.allows(*each)] == [], words
        found |= {(words[0], action) for action in policy.actions - {action for action, _, _ in asked}}
    return found


def unexplained(found: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Give what no row of IDLE is about."""
    return sorted(
        (command, action)
        for command, action in found
        if command not in " ".join(IDLE.get(action, ())).split()
    )


def test_commands_of_the_example_are_allowed_what_they_call_and_no_more(cli: Cli, box: Box) -> None:
    runs: list[tuple[str, ...]] = [
        ("plan",),
        ("apply", "--auto-approve"),
        ("run", "--no-wait"),
        ("rollback",),
    ]
    runs += [("status",), ("tasks",), ("logs",), ("revisions",), ("refresh", "--no-wait")]
    found = idle(cli, box, *runs, IMAGE_TAG="2.4.62")
    assert unexplained(found) == []
    assert {("apply", "ecs:UpdateService"), ("apply", "iam:PassRole")} & found == set()


def test_commands_of_a_service_that_codedeploy_deploys_too(cli: Cli, shop: Shop) -> None:
    found = idle(cli, shop, ("plan",), ("apply", "--auto-approve", *OPTIONS), ("rollback", *OPTIONS))
    assert unexplained(found) == []
    assert ("apply", "codedeploy:CreateDeployment") not in found


def test_a_rollout_that_fails_is_diagnosed_with_what_is_allowed(cli: Cli, box: Box) -> None:
    environ = {"IMAGE_TAG": "crash"}
    policy = Policy(cli("iam-policy", **environ).out)
    assert cli("apply", "--auto-approve", **environ).code == 4
    asked = [each for call in box.serving.calls() for each in authorised(call)]
    assert [each for each in asked if not policy.allows(*each)] == []
    told = policy.actions - Policy(cli("iam-policy", "--without-diagnosis", **environ).out).actions
    assert told == {
        *("ecs:ListTasks", "ecs:DescribeTasks", "logs:GetLogEvents"),
        "elasticloadbalancing:DescribeTargetHealth",
    }
    assert {action for action, _, _ in asked} >= {
        "ecs:ListTasks",
        "elasticloadbalancing:DescribeTargetHealth",
    }


def test_verify_is_allowed_what_its_checks_ask(cli: Cli, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Registries, "manifest", lambda _self, _asked: Unanswered("not asked here"))
    policy = Policy(cli("iam-policy", "verify").out)
    assert box.serving.calls() == []
    assert cli("verify").code == 1  # the seed has no roles
    asked = [each for call in box.serving.calls() for each in authorised(call)]
    assert [each for each in asked if not policy.allows(*each)] == []
    further = {
        "ec2:DescribeSecurityGroupVpcAssociations",
        "cloudwatch:GetMetricStatistics",
    }  # as answers have it
    further |= {"servicequotas:GetAWSDefaultServiceQuota"}
    assert policy.actions - {action for action, _, _ in asked} - further == set()


def test_nothing_is_asked_of_aws(cli: Cli, box: Box) -> None:
    printed = cli("iam-policy", "plan", "apply", "verify")
    assert (printed.code, printed.err) == (0, "")
    assert box.serving.calls() == []
    assert cli("iam-policy", "verify", "apply", "plan").out == printed.out
    table = cli("iam-policy", "--format", "table")
    assert "ecs:UpdateService  " in table.out
    assert f"{ARN}:service/{CLUSTER}/{SERVICE}\n" in table.out


def test_the_policy_in_the_docs_is_the_example_s(cli: Cli) -> None:
    text = (ROOT / "docs/iam.md").read_text()
    shown = text.partition("$ reconciler iam-policy plan\n")[2].partition("```")[0]
    assert cli("iam-policy", "plan").out == shown


def test_accounts_and_partitions_that_no_file_names(cli: Cli, project: Path) -> None:
    edited = json.loads(
        (project / "ecs-task-def.json").read_text().replace("{{ must_env `IMAGE_TAG` }}", "1")
    )
    del edited["executionRoleArn"], edited["taskRoleArn"]
    (project / "ecs-task-def.json").write_text(json.dumps(edited))
    assert f'"arn:aws:ecs:{REGION}:*:service/{CLUSTER}/{SERVICE}"' in cli("iam-policy", "wait").out
    named = cli(
        "iam-policy", "wait", "--account", "210987654321", "--partition", "aws-x", "--region", "x-1"
    ).out
    assert f'"arn:aws-x:ecs:x-1:210987654321:service/{CLUSTER}/{SERVICE}"' in named
    chinese = cli("iam-policy", "wait", "--region", "cn-north-1").out
    assert f'"arn:aws-cn:ecs:cn-north-1:*:service/{CLUSTER}/{SERVICE}"' in chinese


def test_resolvers_take_what_they_declare_where_they_are_asked(
    cli: Cli, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with boxed({"clusters": [CLUSTER], "parameters": {"/level": "debug"}}, monkeypatch):
        assert "ssm:" not in cli("iam-policy").out
        edit("ecs-task-def.json", "{{ env `LOG_LEVEL` `info` }}", "{{ ssm `/level` }}")
        allowed = Policy(cli("iam-policy", "plan").out)
        assert allowed.allows("ssm:GetParameters", "*", {})
        assert (
            "ssm:GetParameters" not in Policy(cli("iam-policy", "status").out).actions
        )  # it reads no definition


def test_another_word_is_no_command_that_calls_aws(cli: Cli) -> None:
    cli("iam-policy", "init").one_error("'init' is not one of 'plan'")
    opened = Reconciler.open(Project.load(environ=dict(os.environ)))
    with opened, pytest.raises(ConfigError, match="init is no command that calls AWS for a project"):
        opened.grants(["init"])
