"""What a task needs before its containers can be started: images, secrets, logs, volumes, addresses, roles."""

from __future__ import annotations

from typing import Final

from reconciler.core.causes import Kind
from reconciler.core.symptoms.symptoms import Symptom

_PULL: Final = r"CannotPull(?:ECR)?(?:Container|Image\w*)(?:Error)?\b.*"
_INIT: Final = r"ResourceInitializationError.*"
# What agents and their libraries say of an endpoint that does not answer.
_CUT_OFF: Final = (
    r"(?:i/o timeout|connection issue|request ?cancell?ed|context cancell?ed|deadline exceeded|Client\.Timeout"
    r"|dial tcp|no such host|send request failed|network configuration|signal: killed|TLS handshake)"
)
_DENIED: Final = (
    r"(?:AccessDenied|not authorized|403 Forbidden|401 Unauthorized|no basic auth credentials|access denied"
    r"|insufficient_scope|credentials: not found|authorization failed|failed to authorize|role has the permissions)"
)
_ROUTE: Final = (
    "in a public subnet set assignPublicIp to ENABLED; a private one needs a NAT gateway or VPC endpoints "
    "({endpoints}); the task's security group must let port 443 out, the endpoints' must let it in"
)
_IMAGES: Final = _ROUTE.format(endpoints="ecr.api, ecr.dkr and, for the layers, s3")
_OTHERS: Final = _ROUTE.format(endpoints="secretsmanager, ssm, ecr.api, logs; kms for encrypted ones")

TABLE: Final[tuple[Symptom, ...]] = (
    Symptom(
        Kind.CAPACITY,
        r"Unable to launch instance\(s\) for capacity provider (?P<provider>[\w-]+)",
        "the capacity provider {provider} cannot launch an instance",
        "check its infrastructure role, its instance requirements, and the account's EC2 quotas",
        "reported: ResourceInitializationError: Unable to launch instance(s) for capacity provider",
    ),
    # Images
    Symptom(
        Kind.IMAGE,
        _PULL + r"(?:descriptor matching platform '?(?P<platform>[^'\s]+)|no match for platform)",
        "the image {image} has no build for the task's platform {platform}",
        "build it for that platform (`docker buildx build --platform`), or set runtimePlatform.cpuArchitecture",
        "reported; repost.aws ecs-task-stopped",
    ),
    Symptom(
        Kind.IMAGE,
        r"toomanyrequests|reached your (?:unauthenticated )?pull rate limit",
        "the registry refuses the image {image}: its pull rate limit is reached",
        "pull through ECR (a pull-through cache, or a copy), or log in to the registry with repositoryCredentials",
        "pull; repost.aws ecs-pull-container-error-rate-limit",
    ),
    Symptom(
        Kind.STORAGE,
        _PULL + r"no space left on device",
        "there is no disk space left for the image {image}",
        "free the container instance's disk or give it more; on FARGATE raise ephemeralStorage.sizeInGiB",
        "pull",
    ),
    Symptom(
        Kind.NETWORK,
        _PULL + _CUT_OFF,
        "the task cannot reach the registry of the image {image}",
        _IMAGES,
        "pull: request canceled while waiting for connection; The task cannot pull … There is a connection issue",
    ),
    Symptom(
        Kind.IMAGE,
        _PULL + _DENIED,
        "the registry refuses the image {image}",
        "check that the repository and the tag exist, and that {role} may ecr:GetAuthorizationToken, ecr:BatchGetImage "
        "and ecr:GetDownloadUrlForLayer; another private registry needs repositoryCredentials",
        "pull: pull access denied; Check that the role has the permissions to pull images",
    ),
    Symptom(
        Kind.IMAGE,
        _PULL + r"(?:not found|manifest unknown|does not exist|\(404\)|name unknown)",
        "there is no image {image}",
        "push it, or correct repository and tag in the task definition",
        "pull: API error (404): repository … not found; failed to resolve ref",
    ),
    Symptom(
        Kind.IMAGE,
        _PULL + r"(?:failed to resolve ref|failed to copy|pulling image conf)",
        "the image {image} cannot be pulled",
        "check that the image exists, that {role} may pull it, and that the subnets have a route to the registry",
        "pull: failed to resolve ref; failed to copy: httpReaderSeeker; error pulling image configuration",
    ),
    Symptom(
        Kind.IMAGE,
        _PULL,
        "the image {image} cannot be pulled",
        "check repository and tag, the permissions of {role}, and the subnets' route to the registry",
        "stopped: CannotPullContainerError; agent: CannotPullECRContainerError",
    ),
    # Secrets, parameters, credentials of registries
    Symptom(
        Kind.SECRET,
        r"did not contain json key (?P<key>[\w.-]*\w)",
        "the secret has no JSON key `{key}`",
        "add the key to the secret, or correct valueFrom: it ends in `:JSON-KEY:VERSION-STAGE:VERSION-ID`",
        "reported; repost.aws ecs-unable-to-pull-secrets",
    ),
    Symptom(
        Kind.SECRET,
        r"GetSecretValueInput\.VersionId",
        "valueFrom names a version of a secret that cannot be one",
        "check the colons: valueFrom ends in `:JSON-KEY:VERSION-STAGE:VERSION-ID`, each of which may be empty",
        "repost.aws ecs-unable-to-pull-secrets",
    ),
    Symptom(
        Kind.SECRET,
        r"invalid (?:ssm )?parameters?: (?P<name>[^\s,]*[^\s,.])",
        "there is no parameter `{name}`",
        "create it in the service's region, or correct valueFrom",
        "reported: invalid ssm parameters",
    ),
    Symptom(
        Kind.SECRET,
        r"fetch secret (?P<name>\S+).*can.t find the specified secret value",
        "the secret `{name}` has no value under the stage asked for",
        "put a value into it (one made by Terraform has none without a version), or correct the stage in valueFrom",
        "reported: can't find the specified secret value for staging label: AWSCURRENT",
    ),
    Symptom(
        Kind.SECRET,
        r"fetch secret (?P<name>\S+).*(?:ResourceNotFound|can.t find the specified secret)",
        "there is no secret `{name}`",
        "create it in the service's region, or correct valueFrom (an ARN ends in six random characters)",
        "agent, pull request 4181: ResourceNotFoundException",
    ),
    Symptom(
        Kind.ROLE,
        _INIT + r"not authorized to perform:? (?P<action>[\w-]+:\w+)(?P<on> on resource:? \S*\w)?",
        "{role} is not allowed {action}{on}",
        "allow it to that role, not to the task role; where a KMS key encrypts it, kms:Decrypt too",
        "repost.aws ecs-unable-to-pull-secrets: AccessDeniedException",
    ),
    Symptom(
        Kind.ROLE,
        _INIT + _DENIED,
        "{role} is not allowed to read a secret or to log in to the registry",
        "allow it secretsmanager:GetSecretValue or ssm:GetParameters, kms:Decrypt, and ecr:GetAuthorizationToken",
        "repost.aws ecs-unable-to-pull-secrets: AccessDeniedException",
    ),
    Symptom(
        Kind.NETWORK,
        _INIT + r"connection issue between the task and (?:Amazon |AWS )*(?P<service>[A-Z][\w ]*\w)",
        "the task cannot reach {service}",
        _OTHERS,
        "reported: There is a connection issue between the task and … Check your task network configuration",
    ),
    Symptom(
        Kind.NETWORK,
        _INIT + _CUT_OFF,
        "the task cannot reach the services that its secrets, registry or logs are in",
        _OTHERS,
        "repost.aws ecs-unable-to-pull-secrets: i/o timeout; pull command failed: signal: killed",
    ),
    Symptom(
        Kind.SECRET,
        r"unable to pull secrets or registry auth",
        "the task's secrets, or the registry's credentials, cannot be had",
        "check that they exist, that {role} may read them, and that the subnets have a route to them",
        "repost.aws ecs-unable-to-pull-secrets",
    ),
    # Logging, files, volumes
    Symptom(
        Kind.LOGGING,
        r"log group.*does not exist|cannot find the Amazon CloudWatch log group",
        "the log group {logs} does not exist",
        "create it in awslogs-region, or set awslogs-create-group and allow {role} logs:CreateLogGroup",
        "reported: failed to create Cloudwatch log stream: The specified log group does not exist",
    ),
    Symptom(
        Kind.LOGGING,
        r"failed to (?:validate logger args|initialize logging driver)",
        "the log driver of {container} cannot be started",
        "check logConfiguration.options, and that {role} may logs:CreateLogStream and logs:PutLogEvents",
        "stopped: ResourceInitializationError: failed to initialize logging driver",
    ),
    Symptom(
        Kind.STORAGE,
        r"failed to download env files",
        "an environment file cannot be fetched from S3",
        "check the object's ARN in environmentFiles, and allow {role} s3:GetObject and s3:GetBucketLocation",
        "reported: ResourceInitializationError: failed to download env files",
    ),
    Symptom(
        Kind.STORAGE,
        r"failed to invoke EFS utils|mount\.nfs4",
        "the EFS file system cannot be mounted",
        "let port 2049 from the task's security group into the mount targets', one of which each zone needs",
        "reported: failed to invoke EFS utils commands to set up EFS volumes; repost.aws",
    ),
    Symptom(
        Kind.STORAGE,
        r"CannotCreateVolumeError",
        "a volume of the task cannot be made",
        "check the task definition's volumes and what they refer to",
        "stopped: CannotCreateVolumeError",
    ),
    Symptom(
        Kind.START,
        r"ResourceInitializationError",
        "what the task needs before its containers start cannot be set up",
        "check the VPC (DNS resolution on, routes), the permissions of {role}, and what the task definition refers to",
        "stopped: ResourceInitializationError",
    ),
    # Network interfaces
    Symptom(
        Kind.NETWORK,
        r"InsufficientFreeAddresses|Create Network Interface.*(?P<subnet>subnet-\w+)|not enough (?:free )?IP addresses",
        "the subnet {subnet} has no free address for the task",
        "add a larger subnet to awsvpcConfiguration.subnets, or free addresses in this one",
        "start: Unexpected EC2 error while attempting to Create Network Interface … in subnet",
    ),
    Symptom(
        Kind.NETWORK,
        r"network interface provisioning",
        "the task's network interface was not ready in time",
        "try again; if it lasts, check the subnets' free addresses and the quota of network interfaces",
        "reported: Timeout waiting for network interface provisioning to complete",
    ),
    Symptom(
        Kind.NETWORK,
        r"Unable to attach network interface|RESOURCE:ENI|ENI attachment points",
        "the container instance has no network interface left for the task",
        "add instances, use larger ones, or turn on the account setting awsvpcTrunking",
        "start; events: Not enough available ENI attachment points",
    ),
    # Roles
    Symptom(
        Kind.ROLE,
        r"unable to assume the role '?(?P<assumed>[^\s']*\w)",
        "ECS cannot assume the role `{assumed}`",
        "check that it exists and trusts ecs-tasks.amazonaws.com; a role just made takes some seconds",
        "reported: ECS was unable to assume the role '…' that was provided for this task",
    ),
    Symptom(
        Kind.ROLE,
        r"IAM trust relationship has been misconfigured",
        "a role's trust policy does not let ECS assume it any more",
        "let ecs-tasks.amazonaws.com assume the task's roles, ecs.amazonaws.com the service's",
        "events",
    ),
    Symptom(
        Kind.ROLE,
        r"IAM permissions policies have been misconfigured",
        "a role of the service lacks permissions that it had",
        "compare the role's policies with AWS's managed ones for ECS",
        "events",
    ),
)
