"""What a verification is about: the definitions as the API spells them, and what surrounds them."""

from __future__ import annotations

from dataclasses import field
from functools import cached_property

from reconciler.core.kinds.combinations.cases import Case
from reconciler.core.values import JsonObject
from reconciler.records import dataclass

TASK_DEFINITION = "task_definition"
SERVICE = "service"
EXPRESS = "express_service"
PROJECT = "project"


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A task definition, a service, or both, in the form in which they are sent.

    `account` and `region` are those of the calls, the account empty where it is not known. `task_document` is empty
    where the task definition is none of the project's files. `live` is the service as AWS describes it now, empty where
    there is none. `stamp` is the time in seconds since the epoch. `hooks` are the events of an
    AppSpec and the functions that they call.
    """

    account: str = ""
    region: str = ""
    cluster: str = "default"
    task: JsonObject = field(default_factory=dict)
    service: JsonObject = field(default_factory=dict)
    express: JsonObject = field(default_factory=dict)
    live: JsonObject = field(default_factory=dict)
    task_document: str = TASK_DEFINITION
    get_secrets: bool = True
    put_logs: bool = False
    stamp: float = 0.0
    hooks: tuple[tuple[str, str], ...] = ()

    @cached_property
    def case(self) -> Case:
        """Give the pair as the tables of combinations ask about it, with what a live service says beside the file."""
        chosen = ("launchType", "capacityProviderStrategy", "deploymentController", "schedulingStrategy")
        kept = (
            {}
            if self.service.keys() & set(chosen[:2])
            else {name: self.live.get(name) for name in chosen[:2]}
        )
        kept |= {name: self.live.get(name) for name in chosen[2:] if name not in self.service}
        service = {name: value for name, value in kept.items() if value} | dict(self.service)
        return Case(file=self.service, service=service, task=self.task)

    @property
    def on_fargate(self) -> bool:
        """Tell whether the tasks run on Fargate, as far as the definitions say."""
        return (
            bool(self.express)
            or self.case.on_fargate
            or self.task.get("requiresCompatibilities") == ["FARGATE"]
        )

    @property
    def partition(self) -> str:
        """Give the partition of ARNs in this region."""
        return (
            "aws-cn"
            if self.region.startswith("cn-")
            else "aws-us-gov"
            if self.region.startswith("us-gov-")
            else "aws"
        )

    @property
    def execution_role(self) -> str:
        """Give the ARN of the role that reads secrets and writes logs, empty where there is none."""
        role = self.task.get("executionRoleArn") or self.express.get("executionRoleArn")
        if not isinstance(role, str) or not role:
            return ""
        if role.startswith("arn:"):
            return role
        return f"arn:{self.partition}:iam::{self.account}:role/{role}" if self.account else ""
