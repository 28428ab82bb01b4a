"""Requests drawn from the API model with hypothesis: every member of a shape may be there, at whatever depth.

What the model does not say, and the service refuses, is settled by name: `SETTLED` holds a strategy for a member,
`LEFT_OUT` what needs a counterpart elsewhere.
"""

from typing import Any

from hypothesis import strategies as st

from reconciler.sandbox import shapes

Drawn = st.SearchStrategy[Any]

_WORDS = st.sampled_from(["a", "b", "arn:aws:iam::123456789012:role/x", "x/y z"])
_ONE = st.just(1)
SETTLED: dict[str, Drawn] = {
    # of services
    "CreateServiceRequest.desiredCount": st.integers(0, 3),
    "UpdateServiceRequest.desiredCount": st.integers(0, 3),
    "CreateServiceRequest.serviceName": st.just("web"),
    "CreateServiceRequest.taskDefinition": st.just("web"),
    "CreateServiceRequest.availabilityZoneRebalancing": st.just("DISABLED"),
    "UpdateServiceRequest.availabilityZoneRebalancing": st.just("DISABLED"),
    "UpdateServiceRequest.service": st.just("web"),
    "DeploymentConfiguration.strategy": st.just("ROLLING"),
    "DeploymentConfiguration.maximumPercent": st.integers(200, 300),
    "DeploymentConfiguration.minimumHealthyPercent": st.integers(0, 100),
    "DeploymentLifecycleHook.targetType": st.just("AWS_LAMBDA"),
    "DeploymentLifecycleHook.lifecycleStages": st.just(["POST_SCALE_UP"]),
    "DeploymentLifecycleHook.hookDetails": st.sampled_from(
        [{"a": [None, 1.5, {"b": True}]}, [1], "c", 7, True]
    ),
    "DeploymentLifecycleHookTimeoutConfiguration.timeoutInMinutes": st.integers(1, 20160),
    "DeploymentEarlySuccessCriteria.healthyPercent": st.just(100),
    "AwsVpcConfiguration.subnets": st.lists(
        st.sampled_from(["subnet-1", "subnet-2"]), min_size=1, unique=True
    ),
    "LoadBalancer.containerName": st.just("app"),
    "LoadBalancer.containerPort": st.just(80),
    "ServiceRegistry.containerName": st.just("app"),
    "ServiceRegistry.containerPort": st.just(80),
    "ServiceConnectService.portName": st.just("http"),
    "VpcLatticeConfiguration.portName": st.just("http"),
    "CapacityProviderStrategyItem.weight": st.integers(1, 1000),
    "CapacityProviderStrategyItem.base": st.just(0),
    "CapacityProviderStrategyItem.capacityProvider": st.sampled_from(["FARGATE", "FARGATE_SPOT"]),
    "MetricConfiguration.resolutionSeconds": st.sampled_from([20, 60]),
    "MetricConfiguration.metricNames": st.just(["CPUUtilization"]),
    "PlacementConstraint.type": st.just("memberOf"),
    # of task definitions
    "RegisterTaskDefinitionRequest.family": st.just("drawn"),
    "RegisterTaskDefinitionRequest.cpu": st.just("512"),
    "RegisterTaskDefinitionRequest.memory": st.just("1024"),
    "RegisterTaskDefinitionRequest.networkMode": st.sampled_from(["bridge", "none"]),
    "RegisterTaskDefinitionRequest.executionRoleArn": st.just("arn:aws:iam::123456789012:role/x"),
    "EphemeralStorage.sizeInGiB": st.integers(21, 200),
    "ContainerDefinition.memory": st.just(64),
    "ContainerDefinition.cpu": st.integers(0, 512),
    "LogConfiguration.logDriver": st.sampled_from(["json-file", "awsfirelens"]),
    "TaskDefinitionPlacementConstraint.type": st.just("memberOf"),
    "PortMapping.hostPort": st.just(0),
    "PortMapping.containerPort": st.integers(1, 65535),
    "ContainerDefinition.memoryReservation": _ONE,
    "ContainerDefinition.essential": st.just(value=True),
    "HealthCheck.command": st.just(["CMD", "true"]),
    "KeyValuePair.name": st.sampled_from(["A", "B"]),  # none of what a secret may be called
    "KeyValuePair.value": st.sampled_from(["", "v"]),
    "EFSVolumeConfiguration.rootDirectory": st.just("/"),
    "MountPoint.sourceVolume": st.just("data"),
}
REQUIRED = {
    "CreateServiceRequest": {
        *("serviceName", "taskDefinition", "networkConfiguration", "availabilityZoneRebalancing"),
    },
    "UpdateServiceRequest": {"service"},
    "NetworkConfiguration": {"awsvpcConfiguration"},
    "DeploymentEarlySuccessCriteria": {"healthyPercent", "sourceServiceRevisionCleanup"},
    "DeploymentLifecycleHook": {"hookTargetArn", "lifecycleStages"},
    "LoadBalancer": {"targetGroupArn", "containerName", "containerPort"},
    "ServiceConnectTlsCertificateAuthority": {"awsPcaAuthorityArn"},
    "CapacityProviderStrategyItem": {"weight"},
    "RegisterTaskDefinitionRequest": {"executionRoleArn"},
    "ContainerDefinition": {"memory"},
    "MountPoint": {"sourceVolume"},
    "PortMapping": {"containerPort"},
    "KeyValuePair": {"name", "value"},
}
LEFT_OUT = {
    "CreateServiceRequest": {
        *("cluster", "clientToken", "role", "launchType", "platformVersion", "schedulingStrategy", "tags"),
        *("deploymentController", "volumeConfigurations", "placementConstraints", "placementStrategy"),
    },
    "UpdateServiceRequest": {
        *("cluster", "forceNewDeployment", "platformVersion", "taskDefinition", "volumeConfigurations"),
        *("capacityProviderStrategy", "deploymentController", "placementStrategy"),
    },
    "DeploymentConfiguration": {"linearConfiguration", "canaryConfiguration"},
    "LoadBalancer": {"loadBalancerName"},
    "ServiceRegistry": {"port"},
    "RegisterTaskDefinitionRequest": {"requiresCompatibilities", "tags", "volumes"},
    "ContainerDefinition": {"name", "image", "dependsOn", "volumesFrom"},
}
_AT_MOST = {"ServiceRegistries": 1, "GatewayConnectorList": 1}
_DISTINCT = {"CapacityProviderStrategy": "capacityProvider"}


def structure(shape: str, /, **given: Drawn) -> Drawn:
    """Draw a structure of the API model by its name, with these strategies for some members."""
    return _structure(shapes.model().shape_for(shape), given)


def _structure(shape: Any, given: dict[str, Drawn]) -> Drawn:
    wanted = {*shape.required_members, *REQUIRED.get(shape.name, ())}
    settled = {name: SETTLED.get(f"{shape.name}.{name}") for name in shape.members}
    drawn = given | {name: each for name, each in settled.items() if each is not None and name not in given}
    members = {
        name: drawn[name] if name in drawn else _value(member)
        for name, member in shape.members.items()
        if name in given or name not in LEFT_OUT.get(shape.name, ())
    }
    return st.fixed_dictionaries(
        {name: each for name, each in members.items() if name in wanted or name in given},
        optional={name: each for name, each in members.items() if name not in wanted and name not in given},
    )


def _value(shape: Any) -> Drawn:
    kind = shape.type_name
    if kind == "structure":
        return _structure(shape, {})
    if kind == "list":
        distinct = _DISTINCT.get(shape.name)
        by = (lambda item: item[distinct]) if distinct else None
        return st.lists(_value(shape.member), max_size=_AT_MOST.get(shape.name, 2), unique_by=by)
    if kind == "map":
        return st.dictionaries(_WORDS, _WORDS, max_size=2)
    if kind == "string":
        return st.sampled_from(shape.enum) if shape.enum else _WORDS
    return {"boolean": st.booleans(), "double": st.sampled_from([0.5, 20.0])}.get(kind, st.integers(0, 100))


def within(sent: Any, shown: Any) -> bool:
    """Tell whether everything that was sent is in what is shown, which may hold more members."""
    if isinstance(sent, dict) and isinstance(shown, dict):
        return all(name in shown and within(value, shown[name]) for name, value in sent.items())
    if isinstance(sent, list) and isinstance(shown, list):
        return len(sent) == len(shown) and all(map(within, sent, shown))
    return bool(sent == shown)
