"""CodeDeploy for ECS services, as far as deploying them needs it: which operation is answered by which function.

The others of its operations are refused, not left to moto, which would answer them from another state. There is one
compute platform, ECS, and traffic is a number. How functions of hooks end and when alarms go off is in the script
(`scripts`), as for deployments of ECS's own.
"""

from collections.abc import Callable
from typing import Final

from reconciler.sandbox import (
    codedeployconfigs,
    codedeploygroups,
    codedeployments,
    codedeployrevisions,
    codedeploytargets,
    rules,
    shapes,
)
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body, World

SERVICE: Final = "codedeploy"

OPERATIONS: Final[dict[str, Callable[[World, Body], Body]]] = {
    "CreateApplication": codedeploygroups.create_application,
    "GetApplication": codedeploygroups.get_application,
    "ListApplications": codedeploygroups.list_applications,
    "CreateDeploymentGroup": codedeploygroups.create_deployment_group,
    "GetDeploymentGroup": codedeploygroups.get_deployment_group,
    "BatchGetDeploymentGroups": codedeploygroups.batch_get_deployment_groups,
    "ListDeploymentGroups": codedeploygroups.list_deployment_groups,
    "CreateDeploymentConfig": codedeployconfigs.create_deployment_config,
    "GetDeploymentConfig": codedeployconfigs.get_deployment_config,
    "ListDeploymentConfigs": codedeployconfigs.list_deployment_configs,
    "RegisterApplicationRevision": codedeployrevisions.register_application_revision,
    "GetApplicationRevision": codedeployrevisions.get_application_revision,
    "CreateDeployment": codedeployments.create_deployment,
    "GetDeployment": codedeployments.get_deployment,
    "BatchGetDeployments": codedeployments.batch_get_deployments,
    "ListDeployments": codedeployments.list_deployments,
    "ContinueDeployment": codedeployments.continue_deployment,
    "StopDeployment": codedeployments.stop_deployment,
    "PutLifecycleEventHookExecutionStatus": codedeployments.put_lifecycle_event_hook_execution_status,
    "GetDeploymentTarget": codedeploytargets.get_deployment_target,
    "ListDeploymentTargets": codedeploytargets.list_deployment_targets,
    "BatchGetDeploymentTargets": codedeploytargets.batch_get_deployment_targets,
}

_REQUIRED: Final = {
    "applicationName": ("ApplicationNameRequiredException", "Application name is missing"),
    "deploymentGroupName": ("DeploymentGroupNameRequiredException", "Deployment Group name is missing"),
    "deploymentGroupNames": ("DeploymentGroupNameRequiredException", "Deployment Group name is missing"),
    "deploymentConfigName": ("DeploymentConfigNameRequiredException", "Deployment Config name is missing"),
    "deploymentId": ("DeploymentIdRequiredException", "Deployment ID must be specified"),
    "deploymentIds": ("DeploymentIdRequiredException", "Deployment ID must be specified"),
    "targetId": ("DeploymentTargetIdRequiredException", "Deployment target ID must be specified"),
    "targetIds": ("DeploymentTargetIdRequiredException", "Deployment target ID must be specified"),
    "revision": ("RevisionRequiredException", "RevisionLocation must be specified"),
    "serviceRoleArn": ("RoleRequiredException", "Role must be specified"),
}


@rules.documented("codedeploy model, the …RequiredExceptions")
@rules.reported("aws-cli#4256: RevisionLocation must be specified")
@rules.guessed("the wording of the others")
def accept(operation: str, request: object) -> Body:
    """Give a request as CodeDeploy understands it; what cannot be read is a `Refusal`."""
    shape = shapes.model(SERVICE).operation_model(operation).input_shape
    for name in shape.required_members:
        if isinstance(request, dict) and not request.get(name) and name in _REQUIRED:
            raise Refusal(*_REQUIRED[name])
    return shapes.accept(operation, request, SERVICE)


def answer(world: World, operation: str, request: object) -> Body:
    """Answer a call of CodeDeploy, or raise a `Refusal`."""
    if operation not in shapes.model(SERVICE).operation_names:
        raise Refusal("UnknownOperationException", f"CodeDeploy has no operation {operation}.")
    if operation not in OPERATIONS:
        message = f"The sandbox does not simulate the CodeDeploy operation {operation}."
        raise Refusal("NotSimulatedBySandbox", message, status=501)
    return OPERATIONS[operation](world, accept(operation, request))


def dump(world: World) -> Body:
    """Show the state of CodeDeploy; `hookExecutions` are those that PutLifecycleEventHookExecutionStatus can end."""
    state = world.codedeploy
    return {
        "applications": list(state.applications.values()),
        "deploymentGroups": list(state.groups.values()),
        "deploymentConfigs": list(state.configurations.values()),
        "deployments": [run.body for run in state.runs.values()],
        "hookExecutions": [
            {
                "deploymentId": run.id,
                "lifecycleEventName": run.executions[run.hook],
                "lifecycleEventHookExecutionId": run.hook,
            }
            for run in state.runs.values()
            if run.hook
        ],
    }
