"""A sandbox with a service that CodeDeploy deploys, and short ways to have it deployed and to look at it."""

import json
from typing import Any

from botocore.exceptions import ClientError

from reconciler.sandbox.servings import Serving
from tests.sandbox.bodies import described, service, task_definition
from tests.sandbox.test_seeds import client

GROUPS = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup"
BALANCER = {"targetGroupArn": f"{GROUPS}/blue/0123456789abcdef", "containerName": "app", "containerPort": 80}
CONTROLLED: dict[str, Any] = {"loadBalancers": [BALANCER], "deploymentController": {"type": "CODE_DEPLOY"}}
NAMES = {"applicationName": "app", "deploymentGroupName": "dg"}
TARGET = "main:web"
INITIALS = {"Succeeded": "S", "InProgress": "I", "Pending": "P", "Failed": "F", "Skipped": "K"}


def seed(**codedeploy: Any) -> dict[str, Any]:
    """Give a seed with the service `web` and the group that deploys it; `group` and `pair` are about it."""
    pair = codedeploy.pop("pair", ["blue", f"{GROUPS}/green/fedcba9876543210"])
    script = codedeploy.pop("script", {})
    group = {**NAMES, "service": "main/web", "target_groups": pair} | codedeploy.pop("group", {})
    return {
        "region": "eu-west-1",
        "task_definitions": [task_definition(f"web:{tag}") for tag in ("1", "2", "crash")],
        "services": [service(**CONTROLLED), service("other", **CONTROLLED), service("rolling")],
        "codedeploy": {"groups": [group], **codedeploy},
        **script,
    }


def appspec(hooks: Any = None, **properties: Any) -> str:
    """Give an AppSpec in JSON."""
    usual = {
        "TaskDefinition": "web:2",
        "LoadBalancerInfo": {"ContainerName": "app", "ContainerPort": 80},
    }
    kept = {name: value for name, value in (usual | properties).items() if value is not None}
    resources = [{"TargetService": {"Type": "AWS::ECS::Service", "Properties": kept}}]
    return json.dumps({"version": 0.0, "Resources": resources, **({"Hooks": hooks} if hooks else {})})


def revision(text: str) -> dict[str, Any]:
    """Give an AppSpec as CreateDeployment takes it."""
    return {"revisionType": "AppSpecContent", "appSpecContent": {"content": text}}


class Region:
    """Clients of a sandbox, and what its only deployment shows."""

    def __init__(self, served: Serving) -> None:
        self.served = served
        self.ecs = client(served.endpoint_url)
        self.codedeploy = client(served.endpoint_url, "codedeploy")
        self.deployment = ""

    def deploy(self, text: str | None = None, **members: Any) -> str:
        answer = self.codedeploy.create_deployment(
            **NAMES, revision=revision(text if text is not None else appspec()), **members
        )
        self.deployment = str(answer["deploymentId"])
        return self.deployment

    def info(self, identity: str | None = None) -> dict[str, Any]:
        found: dict[str, Any] = self.codedeploy.get_deployment(deploymentId=identity or self.deployment)
        return dict(found["deploymentInfo"])

    def target(self) -> dict[str, Any]:
        found: dict[str, Any] = self.codedeploy.get_deployment_target(
            deploymentId=self.deployment, targetId=TARGET
        )
        assert found["deploymentTarget"]["deploymentTargetType"] == "ECSTarget"
        return dict(found["deploymentTarget"]["ecsTarget"])

    def act(self, step: dict[str, Any]) -> None:
        """Carry out the action of a step."""
        if "wait" in step:
            self.served.advance(step["wait"])
        if "continue" in step:
            self.codedeploy.continue_deployment(
                deploymentId=self.deployment, deploymentWaitType=step["continue"]
            )
        if "stop" in step:
            wanted = {} if step["stop"] is None else {"autoRollbackEnabled": step["stop"]}
            assert (
                self.codedeploy.stop_deployment(deploymentId=self.deployment, **wanted)["status"]
                == "Succeeded"
            )
        if "report" in step:
            (execution,) = self.served.dump()["eu-west-1"]["codedeploy"]["hookExecutions"]
            del execution["lifecycleEventName"]
            self.codedeploy.put_lifecycle_event_hook_execution_status(**execution, status=step["report"])
        if "alarm" in step:
            self.served.alarms(errors=step["alarm"])
        if "scale" in step:
            self.ecs.update_service(cluster="main", service="web", desiredCount=step["scale"])
        if "migrate" in step:
            controller = {"type": step["migrate"]}
            self.ecs.update_service(cluster="main", service="web", deploymentController=controller)
        if "delete" in step:
            self.ecs.delete_service(cluster="main", service="web", force=True)

    def seen(self) -> dict[str, Any]:
        """Tell in short what deployment, target and service show."""
        info, shown = self.info(), described(self.ecs)
        error, rollback = info.get("errorInformation", {}), info.get("rollbackInfo", {})
        sets = [
            f"{each['status']} {revision_of(each)} {group_of(each)} {each['scale']['value']:g}"
            for each in shown.get("taskSets", [])
        ]
        try:
            target, refused = self.target(), None
        except ClientError as raised:
            target, refused = {}, raised.response["Error"]["Code"]
        return {
            "status": info["status"],
            "error": error.get("code"),
            "message": error.get("message", ""),
            "rollback": self.info(rollback["rollbackDeploymentId"])["status"] if rollback else None,
            "waited": info["instanceTerminationWaitTimeStarted"],
            "target": refused,
            "events": "".join(INITIALS[each["status"]] for each in target.get("lifecycleEvents", [])),
            "traffic": {
                each["taskSetLabel"]: each["trafficWeight"] for each in target.get("taskSetsInfo", [])
            },
            "sets": sets,
            "service": f"{revision_of(shown)} {group_of(shown)}",
            "running": shown["runningCount"],
            "state": shown["status"],
            "members": shown,
        }


def revision_of(body: dict[str, Any]) -> str:
    return str(body["taskDefinition"]).rpartition("/")[2]


def group_of(body: dict[str, Any]) -> str:
    return str(body["loadBalancers"][0]["targetGroupArn"]).split("/")[1]
