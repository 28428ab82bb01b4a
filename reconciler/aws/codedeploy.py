"""CodeDeploy's API as the engine uses it: `engine.ports.CodeDeploy` over a client that is made at the first call."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final

from reconciler.core.values import JsonObject
from reconciler.engine.ports import Absent, Snapshot
from reconciler.errors import AwsError, AwsNotFound

if TYPE_CHECKING:
    from reconciler.aws.clients import Client
    from reconciler.aws.sessions import Aws

_GROUPS_A_CALL: Final = 100
_DEPLOYMENTS_A_CALL: Final = 25
"""Limits of BatchGetDeploymentGroups and BatchGetDeployments (CodeDeploy API reference)."""

_NOT_BEGUN: Final = "DeploymentNotStartedException"


class CodeDeployGateway:
    """Asks and answers, and judges nothing. See `engine.ports.CodeDeploy` for its duties."""

    def __init__(self, aws: Aws) -> None:
        """Take the way to AWS; nothing is called yet."""
        self._client: Client = aws.client("codedeploy")

    def applications(self) -> tuple[str, ...]:
        """Give the names of all applications."""
        return tuple(
            name for page in self._client.pages("ListApplications") for name in page.get("applications", ())
        )

    def group_names(self, application: str, /) -> tuple[str, ...]:
        """Give the names of an application's deployment groups."""
        pages = self._client.pages("ListDeploymentGroups", applicationName=application)
        return tuple(name for page in pages for name in page.get("deploymentGroups", ()))

    def groups(self, application: str, names: Sequence[str], /) -> tuple[JsonObject, ...]:
        """Describe deployment groups, a hundred a call."""
        answers = (
            self._client.call(
                "BatchGetDeploymentGroups",
                applicationName=application,
                deploymentGroupNames=list(names[start : start + _GROUPS_A_CALL]),
            )
            for start in range(0, len(names), _GROUPS_A_CALL)
        )
        return tuple(group for answer in answers for group in answer.get("deploymentGroupsInfo", ()))

    def configurations(self) -> tuple[str, ...]:
        """Give the names of all deployment configurations."""
        pages = self._client.pages("ListDeploymentConfigs")
        return tuple(name for page in pages for name in page.get("deploymentConfigsList", ()))

    def create_deployment(self, body: JsonObject, /) -> str:
        """Create a deployment; gives its id."""
        return str(self._client.call("CreateDeployment", **body)["deploymentId"])

    def list_deployments(
        self, application: str, group: str, /, *, statuses: Sequence[str] = (), limit: int = 100
    ) -> tuple[str, ...]:
        """Give the ids of a group's deployments, newest first."""
        only = {"includeOnlyStatuses": list(statuses)} if statuses else {}
        pages = self._client.pages(
            "ListDeployments", applicationName=application, deploymentGroupName=group, **only
        )
        return tuple(islice((name for page in pages for name in page.get("deployments", ())), limit))

    def describe_deployments(self, ids: Sequence[str], /) -> tuple[JsonObject, ...]:
        """Describe deployments, 25 a call."""
        found: dict[str, JsonObject] = {}
        for start in range(0, len(ids), _DEPLOYMENTS_A_CALL):
            part = list(ids[start : start + _DEPLOYMENTS_A_CALL])
            answer = self._client.call("BatchGetDeployments", deploymentIds=part)
            found |= {str(info["deploymentId"]): info for info in answer.get("deploymentsInfo", ())}
        return tuple(found[each] for each in ids if each in found)

    def describe_target(self, deployment: str, target: str, /) -> Snapshot | Absent:
        """Describe the target of a deployment."""
        try:
            answer = self._client.call("GetDeploymentTarget", deploymentId=deployment, targetId=target)
        except AwsNotFound as error:
            return Absent(error.code)
        except AwsError as error:
            if error.code == _NOT_BEGUN:
                return Absent(error.code)
            raise
        return Snapshot(answer["deploymentTarget"].get("ecsTarget", {}))

    def stop_deployment(self, deployment: str, /, *, rollback: bool) -> None:
        """Stop a deployment."""
        self._client.call("StopDeployment", deploymentId=deployment, autoRollbackEnabled=rollback)

    def continue_deployment(self, deployment: str, /) -> None:
        """Let the traffic of a deployment go over."""
        self._client.call("ContinueDeployment", deploymentId=deployment, deploymentWaitType="READY_WAIT")
