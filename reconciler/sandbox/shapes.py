"""API models as botocore ships them, ECS's first: which operations exist and what their input may look like."""

from functools import cache
from typing import Any

from reconciler.sandbox import rules
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body

_CONVERTIBLE = {"string": str, "boolean": bool, "structure": dict, "map": dict, "list": list}
_VALUES: dict[type, str] = {
    int: "NUMBER_VALUE",
    float: "DECIMAL_VALUE",
    str: "STRING_VALUE",
    dict: "START_OBJECT",
    list: "START_ARRAY",
}
_TARGETS = {"integer": "Integer", "long": "Long", "string": "String", "boolean": "Boolean"}


@cache
def model(service: str = "ecs") -> Any:
    """Give botocore's model of a service; about 0.1 s for ECS, once a process."""
    import botocore.loaders
    import botocore.model

    description = botocore.loaders.Loader().load_service_model(service, "service-2")
    return botocore.model.ServiceModel(description, service)


@cache
def operations() -> frozenset[str]:
    """Give the name of every operation that ECS has."""
    return frozenset(model().operation_names)


@cache
def inputs(operation: str, service: str = "ecs") -> frozenset[str]:
    """Give the names of the top-level members of an operation's input."""
    return frozenset(model(service).operation_model(operation).input_shape.members)


@cache
def members(shape: str, service: str = "ecs") -> frozenset[str]:
    """Give the names of the members of a structure."""
    return frozenset(model(service).shape_for(shape).members)


@rules.documented("Smithy AWS JSON 1.1 protocol: null members are absent, unknown members are ignored")
@rules.documented(
    "API reference, DeploymentLifecycleHook.hookDetails: any JSON value, which is kept as it is"
)
@rules.reported(
    "aws-actions/amazon-ecs-deploy-task-definition#587: STRING_VALUE cannot be converted to Integer"
)
def accept(operation: str, request: Any, service: str = "ecs") -> Body:
    """Give the request as the service understands it; what cannot be read is a `Refusal`."""
    shape = model(service).operation_model(operation).input_shape
    accepted: Body = _read(shape, request, operation, "")
    return accepted


def _read(shape: Any, value: Any, operation: str, path: str) -> Any:
    kind = shape.type_name
    if kind == "structure" and shape.is_document_type:
        return value
    if kind in _CONVERTIBLE and not isinstance(value, _CONVERTIBLE[kind]):
        raise _not_convertible(value, kind)
    if kind in ("integer", "long") and (isinstance(value, bool) or not isinstance(value, int)):
        raise _not_convertible(value, kind)
    if kind == "structure":
        return _read_structure(shape, value, operation, path)
    if kind == "list":
        return [
            _read(shape.member, item, operation, f"{path}.{number}.member")
            for number, item in enumerate(value, 1)
            if item is not None
        ]
    if kind == "map":
        return {
            key: _read(shape.value, item, operation, path) for key, item in value.items() if item is not None
        }
    if kind == "string" and shape.enum and value not in shape.enum and value:
        raise _not_in_enumeration(operation, value, path, shape.enum)
    return value


def _read_structure(shape: Any, value: Body, operation: str, path: str) -> Body:
    given = {name: item for name, item in value.items() if item is not None and name in shape.members}
    for name in shape.required_members:
        if name not in given:
            raise _missing(operation, f"{path}.{name}".lstrip("."))
    return {
        name: _read(shape.members[name], item, operation, f"{path}.{name}".lstrip("."))
        for name, item in given.items()
    }


def _code(operation: str) -> str:
    if operation not in operations():
        return "ValidationException"
    return "ClientException" if "TaskDefinition" in operation else "InvalidParameterException"


@rules.reported("aws-actions/amazon-ecs-deploy-task-definition#587")
@rules.guessed("the wording for objects and lists")
def _not_convertible(value: Any, kind: str) -> Refusal:
    if kind not in _TARGETS:
        return Refusal("SerializationException", "Unexpected field type")
    name = _VALUES.get(type(value), "VALUE")
    if isinstance(value, bool):
        name = "TRUE_VALUE" if value else "FALSE_VALUE"
    return Refusal("SerializationException", f"{name} cannot be converted to {_TARGETS[kind]}")


@rules.guessed("the wording is the one other AWS services use for enumerations")
def _not_in_enumeration(operation: str, value: str, path: str, allowed: Any) -> Refusal:
    return Refusal(
        _code(operation),
        f"1 validation error detected: Value '{value}' at '{path}' failed to satisfy constraint: "
        f"Member must satisfy enum value set: [{', '.join(allowed)}]",
    )


@rules.guessed("that it is refused is in the model (required); the wording follows Container.name's")
def _missing(operation: str, path: str) -> Refusal:
    name = path.rpartition(".")[2]
    return Refusal(_code(operation), f"{name[:1].upper()}{name[1:]} should not be null or empty.")
