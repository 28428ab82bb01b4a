"""What CreateService and UpdateService refuse of a service that says what its task definition does not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from reconciler.sandbox import definitiondefaults, rules
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body

_INVALID: Final = "InvalidParameterException"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A service as it would be stored: its body, its settings that are in no `Service`, what it would run."""

    body: Body
    unlisted: Body
    definition: Body


@rules.documented(
    "model, LoadBalancer: not both a name and a target group; no Classic Load Balancer with awsvpc"
)
@rules.reported("amazon-ecs-agent#1276 and pulumi-awsx#1172: the container …; amazon-ecs-cli#211: … both …")
@rules.reported("amazon-ecs-cli#359: Container Name can not be blank.; wording of the others guessed")
def _load_balancers(candidate: Candidate) -> None:
    containers = {each["name"]: each for each in candidate.definition["containerDefinitions"]}
    for each in candidate.body["loadBalancers"]:
        if each.get("targetGroupArn") and each.get("loadBalancerName"):
            message = (
                "loadBalancerName and targetGroupArn cannot both be specified. You must specify either a "
                "loadBalancerName or a targetGroupArn."
            )
            raise Refusal(_INVALID, message)
        if each.get("loadBalancerName") and definitiondefaults.network_mode(candidate.definition) == "awsvpc":
            raise Refusal(_INVALID, "Classic Load Balancers are not supported with networkMode awsvpc.")
        name = each.get("containerName")
        if not name:
            raise Refusal(_INVALID, "Container Name can not be blank.")
        if name not in containers:
            raise Refusal(_INVALID, f"The container {name} does not exist in the task definition.")
        ports = [mapping.get("containerPort") for mapping in containers[name]["portMappings"]]
        if each.get("containerPort") not in ports:
            message = (
                f"The container {name} did not have a container port {each.get('containerPort')} defined."
            )
            raise Refusal(_INVALID, message)


@rules.documented("model, ServiceVolumeConfiguration.name matches a volume with configuredAtLaunch")
@rules.reported("cdkd#811: Volume configuration provided but no matching configuredAtLaunch volume found …")
@rules.reported("recorded refusal of an update without volumeConfigurations; wording guessed")
def _volumes(candidate: Candidate) -> None:
    expected = {each["name"] for each in candidate.definition["volumes"] if each.get("configuredAtLaunch")}
    given = {each.get("name") for each in candidate.unlisted.get("volumeConfigurations", [])}
    if given - expected:
        message = "Volume configuration provided but no matching configuredAtLaunch volume found in task definition."
        raise Refusal(_INVALID, message)
    if expected != given:
        message = (
            "The volumeConfigurations must match the task definition's volumes that are configured at launch."
        )
        raise Refusal(_INVALID, message)


@rules.documented(
    "model, ServiceRegistry: containerName and containerPort are of the task definition; required with bridge "
    "and host"
)
@rules.reported(
    "spinnaker#5859: The container … is not valid. …; terraform-aws-ecs-service#16: When specifying …"
)
@rules.guessed("the wording for a port that is not mapped")
def _registries(candidate: Candidate) -> None:
    containers = {each["name"]: each for each in candidate.definition["containerDefinitions"]}
    for each in candidate.body["serviceRegistries"]:
        name, port = each.get("containerName"), each.get("containerPort")
        suffix = f"Registry: {each.get('registryArn')}"
        mode = definitiondefaults.network_mode(candidate.definition)
        if containers and mode in ("bridge", "host") and not (name and port):
            message = (
                "When specifying 'host' or 'bridge' for networkMode, values for 'containerName' and "
                "'containerPort' must be specified from the task definition."
            )
            raise Refusal(_INVALID, f"{message} {suffix}")
        if name and name not in containers:
            message = (
                f"The container {name} is not valid. The value for 'containerName' must already be specified "
                "in the task definition."
            )
            raise Refusal(_INVALID, f"{message} {suffix}")
        mappings = containers[name]["portMappings"] if name else []
        ranged = any("containerPortRange" in mapping for mapping in mappings)
        if (
            name
            and port
            and not ranged
            and port not in [mapping.get("containerPort") for mapping in mappings]
        ):
            message = f"The container port {port} is not valid for the container {name}."
            raise Refusal(_INVALID, f"{message} {suffix}")


@rules.documented(
    "model, ServiceConnectService.portName and VpcLatticeConfiguration.portName: a port mapping has the name"
)
@rules.guessed("the wording")
def _port_names(candidate: Candidate) -> None:
    containers = candidate.definition["containerDefinitions"]
    named = {mapping.get("name") for each in containers for mapping in each["portMappings"]}
    connect = candidate.unlisted.get("serviceConnectConfiguration", {}).get("services", [])
    for each in (*connect, *candidate.unlisted.get("vpcLatticeConfigurations", [])):
        if containers and each["portName"] not in named:
            message = f"The portName {each['portName']} is no port mapping's name in the task definition."
            raise Refusal(_INVALID, message)


_Rule = Callable[[Candidate], None]
RULES: Final[tuple[_Rule, ...]] = (_load_balancers, _volumes, _registries, _port_names)
