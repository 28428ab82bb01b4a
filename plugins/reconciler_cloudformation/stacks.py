"""Reading stacks and exports, each stack and the list of exports once.

DescribeStacks answers a name that is no stack's with ``ValidationError``, "Stack with id NAME does not exist"
(CloudFormation's API reference). Stacks that were deleted go by their ARN alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from difflib import get_close_matches
from typing import Any, Final, TypeAlias

from reconciler.plugin import (
    Address,
    AwsDenied,
    AwsError,
    Context,
    Denied,
    NotFound,
    ResolveError,
    Source,
    Value,
    refusal,
    secret_value,
)

Held: TypeAlias = "Mapping[str, Any]"
EXPORT: Final = "export:"
_LISTED: Final = 500  # stacks, for near misses
_HERE: Final = "check its name, the region and the account"


class StackResolver:
    """Answers addresses from stacks and exports; keeps what it has read."""

    def __init__(self, context: Context) -> None:
        """Use the run's shared client."""
        self._context = context
        self._held: dict[str, Held] = {}  # what was read: stacks by their names, and all exports
        self._reading: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def lookup(self, address: Address, /) -> Value:
        """Give the value of an output, or of an export."""
        if address.path.startswith(EXPORT):
            return self._export(address.path.removeprefix(EXPORT), address)
        stack, _, key = address.path.rpartition(".")
        return self._output(stack, key, address)

    def _once(self, name: str, read: Callable[[], Held]) -> Held:
        """Read, once for all addresses of one name; different ones side by side."""
        with self._lock:
            reading = self._reading.setdefault(name, threading.Lock())
        with reading:
            if name not in self._held:
                self._held[name] = read()
            return self._held[name]

    def _output(self, name: str, key: str, address: Address) -> Value:
        stack = self._once(name, lambda: self._described(name, address))
        outputs = {each["OutputKey"]: each for each in stack.get("Outputs") or ()}
        if key not in outputs:
            status = str(stack.get("StackStatus", ""))
            state = f", which is {status}," if status.endswith(("_IN_PROGRESS", "_FAILED")) else ""
            raise NotFound(
                f"the stack {name}{state} has no output {key}",
                hint=f"it has {_some(outputs)}" if outputs else "it has no outputs",
                address=str(address),
                near=tuple(get_close_matches(key, list(outputs), n=3)),
            )
        return _value(key, outputs[key].get("OutputValue", ""), f"stack {name}")

    def _described(self, name: str, address: Address) -> Mapping[str, Any]:
        try:
            found = self._context.client("cloudformation").call("DescribeStacks", StackName=name)["Stacks"]
        except AwsError as error:
            if error.code == "ValidationError":
                raise self._no_stack(name, error, address) from None
            raise _refused(error, "cloudformation:DescribeStacks", f"the stack {name}", address) from error
        if not found:
            raise NotFound(f"there is no stack {name}", hint=_HERE, address=str(address))
        stack: Mapping[str, Any] = found[0]
        return stack

    def _no_stack(self, name: str, error: AwsError, address: Address) -> NotFound:
        if "does not exist" not in error.what:
            return NotFound(f"{name} is no stack's name: {error.what}", hint=error.hint, address=str(address))
        names: dict[str, None] = {}
        with suppress(AwsError):  # near misses are a courtesy, which takes a right of its own
            for page in self._context.client("cloudformation").pages("ListStacks"):
                for each in page.get("StackSummaries", ()):
                    if each.get("StackStatus") != "DELETE_COMPLETE":
                        names[str(each["StackName"])] = None
                if len(names) >= _LISTED:
                    break
        near = tuple(get_close_matches(name, list(names), n=3))
        return NotFound(f"there is no stack {name}", hint=_HERE, address=str(address), near=near)

    def _export(self, name: str, address: Address) -> Value:
        exports = self._once(EXPORT, lambda: self._listed(name, address))
        if name not in exports:
            raise NotFound(
                f"no stack exports {name} here",
                hint=f"{_HERE}; there are {len(exports)} exports",
                address=str(address),
                near=tuple(get_close_matches(name, list(exports), n=3)),
            )
        return _value(name, exports[name].get("Value", ""), f"export {name}")

    def _listed(self, name: str, address: Address) -> Mapping[str, Mapping[str, Any]]:
        try:
            pages = self._context.client("cloudformation").pages("ListExports")
            return {each["Name"]: each for page in pages for each in page.get("Exports", ())}
        except AwsError as error:
            raise _refused(error, "cloudformation:ListExports", f"the export {name}", address) from error


def _value(name: str, value: str, source: str) -> Value:
    return Value(value, ((),) if secret_value(name, value) else (), source=Source(source))


def _refused(error: AwsError, action: str, what: str, address: Address) -> ResolveError:
    if isinstance(error, AwsDenied):
        return Denied(f"AWS does not let {what} be read", hint=f"allow {action}", address=str(address))
    return refusal(error, address)


def _some(names: Mapping[str, object]) -> str:
    shown = list(names)[:10]
    return ", ".join(shown) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
