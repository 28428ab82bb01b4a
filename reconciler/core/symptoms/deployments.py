"""What a service deployment, or CodeDeploy's deployment, says of its own end: hooks, alarms, refusals.

CodeDeploy's are known by their error codes (CodeDeploy's API model, ErrorCode), which stand in brackets behind its
sentence, with the lifecycle event that failed.
"""

from __future__ import annotations

from typing import Final

from reconciler.core.causes import Kind
from reconciler.core.symptoms.symptoms import Symptom

_MODEL: Final = "CodeDeploy's API model, ErrorCode"

_GUIDE: Final = "developer guide, troubleshooting blue/green deployments"

TABLE: Final[tuple[Symptom, ...]] = (
    Symptom(
        Kind.ROLE,
        r"lifecycle hook\(s\) failed\. ECS was unable to assume role (?P<role>[^\s,]+)",
        "ECS may not assume the role {role} to call a lifecycle hook",
        "let ecs.amazonaws.com assume it in its trust policy, or correct the hook's roleArn",
        _GUIDE,
    ),
    Symptom(
        Kind.ROLE,
        r"unable to invoke hook target \S*?:function:(?P<hook>[\w:-]+)",
        "ECS may not call the lifecycle hook {hook}",
        "allow lambda:InvokeFunction on the function to the hook's roleArn",
        _GUIDE,
    ),
    Symptom(
        Kind.HOOK,
        r"unable to parse the response from \S*?:function:(?P<hook>[\w-]+)",
        "the lifecycle hook {hook} gave no answer, or none that ECS understands",
        "read the function's log: it has to answer with hookStatus SUCCEEDED or FAILED before it times out",
        _GUIDE,
    ),
    Symptom(
        Kind.ROLE,
        r"(?:lifecycle hook\(s\) failed\.|targets? .*with \(error).*assumed-role/(?P<role>[^/\s]+)/\S* is not "
        r"authorized to perform: (?P<action>elasticloadbalancing:\w+)",
        "ECS may not do what it has to with the load balancer, by the role {role}: {action}",
        "allow it to the roleArn of advancedConfiguration (AmazonECSInfrastructureRolePolicyForLoadBalancers has it)",
        _GUIDE,
    ),
    Symptom(
        Kind.ROLE,
        r"unable to manage the ELB resources due to missing permissions on ECS Infrastructure Role '(?P<role>[^']+)'",
        "ECS may not manage the load balancer with the role {role}",
        "let ecs.amazonaws.com assume it, with the policy AmazonECSInfrastructureRolePolicyForLoadBalancers",
        _GUIDE,
    ),
    Symptom(
        Kind.CONFIGURATION,
        r"because of invalid networking configuration",
        "the load balancer is not set up for a deployment that shifts traffic",
        "both target groups have to be in the rules that productionListenerRule and testListenerRule name, and one of "
        "them alone has to have the traffic",
        _GUIDE,
    ),
    Symptom(
        Kind.OTHER,
        r"\bStopServiceDeployment was called|deployment stopped by a user",
        "somebody stopped it",
        "CloudTrail has the call of StopServiceDeployment, and who made it",
        "guessed: the sandbox's words, because nobody has shown AWS's",
    ),
    Symptom(
        Kind.HOOK,
        r"(?P<stage>[A-Z_]+) lifecycle hook\(s\) failed\.(?: Lifecycle hook target \S*?:function:(?P<hook>\S+))?",
        "a lifecycle hook of {stage} failed: {hook}",
        "read the function's log: it has to answer with hookStatus SUCCEEDED",
        "reported: Service deployment rolled back because PRE_SCALE_UP lifecycle hook(s) failed. …",
    ),
    Symptom(
        Kind.HOOK,
        r"lifecycle hook (?P<hook>\S+) \(AWS_LAMBDA\) is FAILED",
        "the lifecycle hook {hook} failed",
        "read the function's log: it has to answer with hookStatus SUCCEEDED",
        "model, DeploymentLifecycleHookDetail.status; developer guide, lifecycle hooks",
    ),
    Symptom(
        Kind.HOOK,
        r"lifecycle hook (?P<hook>\S+) \(AWS_LAMBDA\) is TIMED_OUT",
        "the lifecycle hook {hook} did not come to an end in time",
        "read the function's log; let it answer with hookStatus SUCCEEDED sooner, or raise the hook's "
        "timeoutConfiguration",
        "model, DeploymentLifecycleHookDetail.status and timeoutAction",
    ),
    Symptom(
        Kind.HOOK,
        r"lifecycle hook (?P<hook>\S+) \(PAUSE\) is (?:TIMED_OUT|FAILED)",
        "nobody let the rollout go on that the PAUSE hook {hook} held",
        "`reconciler continue` answers the hook; its timeoutConfiguration says for how long it waits",
        "model, DeploymentLifecycleHookDetail.status and timeoutAction",
    ),
    Symptom(
        Kind.ALARM,
        r"alarms (?P<alarms>\S.*) went off",
        "CloudWatch alarms of deploymentConfiguration.alarms went off: {alarms}",
        "look at the alarm's metric since the rollout began",
        "model, ServiceDeploymentAlarms.triggeredAlarmNames",
    ),
    Symptom(
        Kind.OTHER,
        r"^superseded\b|superseded by a",
        "a newer rollout took its place",
        "`reconciler status` shows that one, `reconciler wait` watches it",
        "developer guide, service deployments: a new one stops the one that is under way",
    ),
    Symptom(
        Kind.HOOK,
        r"\(HOOK_EXECUTION_FAILURE\)(?: at (?P<event>\w+))?",
        "a function that the AppSpec calls failed or did not report in time: {event}",
        "read the function's log: it has to call PutLifecycleEventHookExecutionStatus with Succeeded within an hour",
        f"{_MODEL}; user guide, AppSpec hooks for ECS",
    ),
    Symptom(
        Kind.ALARM,
        r"\(ALARM_ACTIVE\)",
        "a CloudWatch alarm of the deployment group went off",
        "look at the metrics of the group's alarms since the deployment began",
        _MODEL,
    ),
    Symptom(
        Kind.OTHER,
        r"\(MANUAL_STOP\)",
        "somebody stopped the deployment",
        "CloudTrail has the call of StopDeployment, and whose it was",
        _MODEL,
    ),
    Symptom(
        Kind.ROLE,
        r"\((?:IAM_ROLE_MISSING|IAM_ROLE_PERMISSIONS)\)",
        "the service role of the deployment group is missing, or may not do what CodeDeploy has to do",
        "give the group a role with the policy AWSCodeDeployRoleForECS, and iam:PassRole for the task's roles",
        f"{_MODEL}; user guide, service role",
    ),
    Symptom(
        Kind.QUOTA,
        r"\((?:THROTTLED|RESOURCE_LIMIT_EXCEEDED)\)",
        "CodeDeploy met a limit of the account",
        "deploy fewer services at a time, or ask for a higher quota",
        _MODEL,
    ),
    Symptom(
        Kind.CONFIGURATION,
        r"\((?:ELASTIC_LOAD_BALANCING_INVALID|MISSING_ELB_INFORMATION|MISSING_BLUE_GREEN_DEPLOYMENT_CONFIGURATION)\)",
        "the load balancer's side of the deployment group does not fit the service",
        "check the group's two target groups, its listeners, and their rules",
        _MODEL,
    ),
    Symptom(
        Kind.CONFIGURATION,
        r"\((?:INVALID_LAMBDA_FUNCTION|INVALID_LAMBDA_CONFIGURATION|REVISION_MISSING|INVALID_REVISION)\)",
        "CodeDeploy cannot carry out the AppSpec",
        "check the functions that `codedeploy.hooks` and `appspec` name, and that the revision is ACTIVE",
        _MODEL,
    ),
    Symptom(
        Kind.CONFIGURATION,
        r"\((?:INVALID_ECS_SERVICE|ECS_UPDATE_ERROR|DEPLOYMENT_GROUP_MISSING|APPLICATION_MISSING"
        r"|CODEDEPLOY_RESOURCE_CANNOT_BE_FOUND)\)",
        "CodeDeploy could not go on with the service as it is",
        "AWS's sentence says what it misses: the service, its task sets or the deployment group may have changed",
        _MODEL,
    ),
    Symptom(
        Kind.INFRASTRUCTURE,
        r"\(INTERNAL_ERROR\)",
        "CodeDeploy itself failed",
        "deploy again; ask AWS if it lasts",
        _MODEL,
    ),
)

VAGUE: Final[tuple[Symptom, ...]] = (
    Symptom(
        Kind.HEALTH,
        r"\((?:TIMEOUT|HEALTH_CONSTRAINTS|HEALTH_CONSTRAINTS_INVALID)\)",
        "the new tasks did not come up in the time that CodeDeploy waits",
        "look at the new tasks: their stop reasons, logs and health checks say why",
        f"{_MODEL}; user guide: 60 minutes for the replacement task set",
        vague=True,
    ),
)
"""What the tasks say better."""
