"""Application revisions: AppSpecs, what they ask of a service, and the register of them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from reconciler.sandbox import (
    codedeploylookups,
    pairingrules,
    rules,
    servicedefaults,
    servicerules,
    taskdefinitions,
)
from reconciler.sandbox.codedeploystates import Wish
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body, Service, World

_HOLDERS: Final = {"AppSpecContent": "appSpecContent", "String": "string"}
_LAUNCHED_ON: Final = ("launchType", "capacityProviderStrategy", "platformVersion", "platformFamily")

HOOKED: Final = (
    *("BeforeInstall", "AfterInstall", "AfterAllowTestTraffic", "BeforeAllowTraffic", "AfterAllowTraffic"),
)
"""The lifecycle events of an ECS deployment that an AppSpec may hook a function to (AppSpec reference)."""


@dataclass(eq=False)
class BadAppSpec(Exception):
    """An AppSpec cannot be used; `why` is the part of AWS's message that says what is wrong with it."""

    why: str


@rules.documented(
    "codedeploy model, RevisionLocation: content where the type says; RevisionRequiredException"
)
@rules.reported("aws-cli#4256: RevisionLocation must be specified")
@rules.guessed("the wording of the others; a hash that does not fit is InvalidRevisionException")
def content(request: Body) -> str:
    """Give the text of the AppSpec in a request; S3 and GitHub are not simulated."""
    revision = request.get("revision")
    if not revision:
        raise Refusal("RevisionRequiredException", "RevisionLocation must be specified")
    kind = revision.get("revisionType")
    if kind in ("S3", "GitHub"):
        message = f"The sandbox does not simulate revisions in {kind}; send AppSpecContent."
        raise Refusal("NotSimulatedBySandbox", message, status=501)
    held = revision.get(_HOLDERS.get(kind, ""))
    if held is None or "content" not in held:
        raise Refusal("InvalidRevisionException", "The revision must have the content that its type names")
    text = str(held["content"])
    if held.get("sha256") not in (None, _sum(text)):
        raise Refusal("InvalidRevisionException", "The sha256 of the revision does not match its content")
    return text


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@rules.documented(
    "AppSpec reference, resources section for ECS: TaskDefinition, LoadBalancerInfo, the optional rest"
)
@rules.documented(
    "AppSpec reference: PlatformVersion is LATEST if it is not specified; hooks by lifecycle event"
)
@rules.reported("aws-cli#6267: … not well-formed yaml. The template cannot be parsed.")
@rules.guessed("the wording of the others")
def read(text: str) -> Wish:
    """Read an AppSpec in JSON or YAML; one that is wrong is a `BadAppSpec`."""
    spec = _parse(text)
    resources = spec.get("Resources")
    if not isinstance(resources, list) or len(resources) != 1 or not isinstance(resources[0], Mapping):
        raise BadAppSpec("Exactly one target service must be specified.")
    target = _mapping(next(iter(resources[0].values()), None), "TargetService")
    if target.get("Type") != "AWS::ECS::Service":
        raise BadAppSpec("The type of the resource must be AWS::ECS::Service.")
    asked = _mapping(target.get("Properties"), "Properties")
    balancer = _mapping(asked.get("LoadBalancerInfo"), "LoadBalancerInfo")
    name, port = balancer.get("ContainerName"), balancer.get("ContainerPort")
    if not isinstance(asked.get("TaskDefinition"), str) or not asked["TaskDefinition"]:
        raise BadAppSpec("TaskDefinition must be specified.")
    if not isinstance(name, str) or not str(port).isdigit():
        raise BadAppSpec("ContainerName and ContainerPort must be specified in LoadBalancerInfo.")
    network, strategy = asked.get("NetworkConfiguration"), asked.get("CapacityProviderStrategy")
    return Wish(
        task_definition=asked["TaskDefinition"],
        container=name,
        port=int(str(port)),
        platform_version=str(asked.get("PlatformVersion") or "LATEST"),
        network=_camel(_mapping(network, "NetworkConfiguration")) if network else None,
        strategy=[_camel(_mapping(each, "CapacityProviderStrategy")) for each in strategy]
        if strategy
        else None,
        hooks=_hooks(spec.get("Hooks") or []),
    )


def _parse(text: str) -> Mapping[str, Any]:
    try:
        return _mapping(json.loads(text), "The AppSpec")
    except ValueError:
        import yaml
    try:
        spec = yaml.safe_load(text)
    except yaml.YAMLError:
        raise BadAppSpec(
            "The input AppSpec file is a not well-formed yaml. The template cannot be parsed."
        ) from None
    return _mapping(spec, "The AppSpec")


@rules.documented("AppSpec reference, hooks section for ECS: a list of one function by event")
def _hooks(given: object) -> dict[str, str]:
    hooks: dict[str, str] = {}
    for each in given if isinstance(given, list) else [given]:
        for event, function in _mapping(each, "Hooks").items():
            if event not in HOOKED or not isinstance(function, str):
                raise BadAppSpec(f"{event} is no lifecycle event that a function can be hooked to.")
            hooks[event] = function
    return hooks


def _mapping(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise BadAppSpec(f"{what} must be specified, as an object.")
    return value


def _camel(value: Any) -> Any:
    """Give what the AppSpec says in the spelling of ECS's API: the same names, their first letter small."""
    if isinstance(value, Mapping):
        return {f"{name[:1].lower()}{name[1:]}": _camel(each) for name, each in value.items()}
    return [_camel(each) for each in value] if isinstance(value, list) else value


@rules.documented("AppSpec reference: what is not specified stays as the service has it")
@rules.guessed("the rules for a new service hold for the task set too; the refusal is ECS's own")
def wished(world: World, service: Service, wish: Wish, target_group: str) -> Body:
    """Give the members of a service that a task set has as the AppSpec asks; ECS's refusals are `Refusal`s."""
    cluster = world.clusters[service.cluster]
    definition = taskdefinitions.find_active(world, wish.task_definition)
    balancer = {"targetGroupArn": target_group, "containerName": wish.container, "containerPort": wish.port}
    own: Body = {"taskDefinition": definition["taskDefinitionArn"], "loadBalancers": [balancer]}
    network = wish.network or service.body.get("networkConfiguration")
    if network:
        own["networkConfiguration"] = servicedefaults.setting("networkConfiguration", network, cluster)
    launched = {name: service.body[name] for name in _LAUNCHED_ON[:2] if service.body.get(name)}
    if wish.strategy:
        strategy = servicedefaults.setting("capacityProviderStrategy", wish.strategy, cluster)
        launched = {"capacityProviderStrategy": strategy}
    if servicedefaults.on_fargate(launched):
        launched["platformVersion"] = wish.platform_version
    own |= servicedefaults.launch(launched, cluster)
    kept = {name: value for name, value in service.body.items() if name not in _LAUNCHED_ON}
    servicerules.check(pairingrules.Candidate(kept | own, service.unlisted, definition))
    return own


def _key(revision: Body) -> str:
    held = revision.get(_HOLDERS.get(revision.get("revisionType", ""), ""), {})
    if "content" in held:
        return _sum(held["content"])
    return str(held.get("sha256") or json.dumps(revision, sort_keys=True))


@rules.documented("codedeploy model, RegisterApplicationRevision; CreateDeployment registers what it deploys")
@rules.guessed("to register again changes the description alone")
def register(world: World, name: str, revision: Body, description: str | None = None) -> Body:
    """Give an application's entry for a revision, made now if there is none."""
    key = (name, _key(revision))
    entry = world.codedeploy.revisions.setdefault(
        key,
        {"revision": revision, "revisionInfo": {"deploymentGroups": [], "registerTime": world.now}},
    )
    if description is not None:
        entry["revisionInfo"]["description"] = description
    return entry


@rules.documented("codedeploy model, RegisterApplicationRevision")
def register_application_revision(world: World, request: Body) -> Body:
    """Register a revision with an application."""
    name = codedeploylookups.application(world, request)["applicationName"]
    content(request)
    register(world, name, request["revision"], request.get("description"))
    return {}


@rules.documented("codedeploy model, GetApplicationRevision; RevisionDoesNotExistException")
@rules.guessed("the wording; an AppSpec's content or its sha256 identifies a revision")
def get_application_revision(world: World, request: Body) -> Body:
    """Show a revision that was registered or deployed."""
    name = codedeploylookups.application(world, request)["applicationName"]
    entry = world.codedeploy.revisions.get((name, _key(request["revision"])))
    if entry is None:
        raise Refusal("RevisionDoesNotExistException", "No revision found for the given revision location")
    return {"applicationName": name} | entry
