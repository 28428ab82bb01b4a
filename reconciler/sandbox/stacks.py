"""CloudFormation as far as a seed says of it: stacks with outputs, some of them exported. moto has the rest.

stacks   {name: {outputs: {key: value}, exports: {name of an export: key of an output}, status}}; `status` is
         CREATE_COMPLETE unless it says otherwise
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from reconciler.sandbox import readings, rules, wire
from reconciler.sandbox.errors import Refusal, SandboxError
from reconciler.sandbox.worlds import ACCOUNT, World

SERVICE: Final = "cloudformation"
_NAMESPACE: Final = "http://cloudformation.amazonaws.com/doc/2010-05-15/"
_MEMBERS: Final = ("outputs", "exports", "status")


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack: outputs by key, and the keys of exported ones by the name of the export."""

    name: str
    outputs: Mapping[str, str]
    exports: Mapping[str, str]
    status: str


def read(given: Mapping[str, Any]) -> dict[str, Stack]:
    """Read the member `stacks` of a seed; anything wrong is a `SandboxError` that names the place."""
    return {name: _stack(name, each) for name, each in given.items()}


def _stack(name: str, given: object) -> Stack:
    place = f"stacks.{name}"
    members = readings.members(given, place, _MEMBERS)
    outputs, exports = (members.get(each) or {} for each in ("outputs", "exports"))
    for each, values in (("outputs", outputs), ("exports", exports)):
        if not isinstance(values, Mapping) or not all(isinstance(value, str) for value in values.values()):
            raise SandboxError("must be an object with texts", f"{place}.{each}")
    missing = sorted(set(exports.values()) - set(outputs))
    if missing:
        raise SandboxError(f"exports the output {missing[0]!r}, which there is not", place)
    return Stack(name, outputs, exports, str(members.get("status", "CREATE_COMPLETE")))


def answer(world: World, operation: str, form: Mapping[str, str]) -> str | None:
    """Answer a call as XML, or give None if it is moto's."""
    if not world.stacks or operation not in ("DescribeStacks", "ListStacks", "ListExports"):
        return None
    if operation == "ListExports":
        return _written(operation, {"Exports": _exports(world)})
    if operation == "ListStacks":
        return _written(
            operation, {"StackSummaries": [_brief(world, each) for each in world.stacks.values()]}
        )
    return _written(operation, {"Stacks": _described(world, form.get("StackName", ""))})


@rules.documented("cloudformation model, DescribeStacks: one by name or ARN, or all; Output.ExportName")
@rules.reported("recordings: ValidationError: Stack with id NAME does not exist")
def _described(world: World, asked: str) -> list[dict[str, object]]:
    chosen = [each for each in world.stacks.values() if asked in ("", each.name, _arn(world, each))]
    if asked and not chosen:
        raise Refusal("ValidationError", f"Stack with id {asked} does not exist")
    return [
        _brief(world, stack)
        | {
            "Outputs": [
                {"OutputKey": key, "OutputValue": value}
                | ({"ExportName": exported[key]} if key in exported else {})
                for key, value in stack.outputs.items()
            ]
        }
        for stack in chosen
        for exported in ({key: name for name, key in stack.exports.items()},)
    ]


@rules.documented("cloudformation model, Export")
def _exports(world: World) -> list[dict[str, object]]:
    return [
        {"ExportingStackId": _arn(world, stack), "Name": export, "Value": stack.outputs[key]}
        for stack in world.stacks.values()
        for export, key in stack.exports.items()
    ]


def _brief(world: World, stack: Stack) -> dict[str, object]:
    return {
        "StackId": _arn(world, stack),
        "StackName": stack.name,
        "StackStatus": stack.status,
        "CreationTime": "2026-01-01T00:00:00.000Z",
    }


def _arn(world: World, stack: Stack) -> str:
    return f"arn:aws:cloudformation:{world.region}:{ACCOUNT}:stack/{stack.name}/00000000-0000-4000-8000-000000000000"


def _written(operation: str, result: Mapping[str, object]) -> str:
    body = wire.elements(result, "member")
    return (
        f'<{operation}Response xmlns="{_NAMESPACE}"><{operation}Result>{body}</{operation}Result>'
        "<ResponseMetadata><RequestId>00000000-0000-4000-8000-000000000000</RequestId></ResponseMetadata>"
        f"</{operation}Response>"
    )
