"""Calls of a seed to services that are moto's: checked when the seed is read, written as an SDK would write them.

calls   [{service, operation, …}]: the rest are the operation's own members, as boto3 takes them; `service` is called
        as boto3 calls it, and is not s3, which has `objects`. They are sent in order, before the first call that moto
        answers; where the seed has no region, in every region that is used, but for services that have none.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from reconciler.sandbox import shapes
from reconciler.sandbox.errors import SandboxError

_GLOBAL: Final = frozenset({"iam", "route53", "cloudfront", "organizations", "account"})


@dataclass(frozen=True, slots=True)
class Outsider:
    """A checked call; `place` is where the seed has it."""

    service: str
    operation: str
    members: Mapping[str, Any]
    place: str

    @property
    def regional(self) -> bool:
        """Whether the service has regions."""
        return self.service not in _GLOBAL


@dataclass(frozen=True, slots=True)
class Request:
    """A call as it goes over the wire, without the signature; `signs_as` is the service in the signature's scope."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    signs_as: str


def read(given: Sequence[object]) -> tuple[Outsider, ...]:
    """Read the member `calls` of a seed; anything wrong is a `SandboxError` that names the place."""
    return tuple(_read(each, f"calls[{number}]") for number, each in enumerate(given))


def _read(given: object, place: str) -> Outsider:
    import botocore.exceptions
    import botocore.validate

    if not isinstance(given, Mapping) or not {"service", "operation"} <= given.keys():
        raise SandboxError("must be an object with `service` and `operation`", place)
    service, operation = str(given["service"]), str(given["operation"])
    if service == "s3":
        raise SandboxError("is for other services; what S3 holds is said by `objects`", place)
    members = {name: value for name, value in given.items() if name not in ("service", "operation")}
    try:
        model = shapes.model(service)
        shape = model.operation_model(operation).input_shape
    except botocore.exceptions.UnknownServiceError:
        raise SandboxError(f"there is no service {service!r}", f"{place}.service") from None
    except botocore.model.OperationNotFoundError:
        raise SandboxError(f"{service} has no operation {operation!r}", f"{place}.operation") from None
    if shape is not None:
        report = botocore.validate.ParamValidator().validate(members, shape)
        if report.has_errors():
            raise SandboxError(report.generate_report().replace("\n", " "), place)
    return Outsider(service, operation, members, place)


def write(call: Outsider) -> Request:
    """Write a call as an SDK would."""
    import botocore.serialize

    model = shapes.model(call.service)
    serializer = botocore.serialize.create_serializer(model.resolved_protocol, include_validation=False)
    written = serializer.serialize_to_request(dict(call.members), model.operation_model(call.operation))
    body, headers = written["body"], {name: str(value) for name, value in written["headers"].items()}
    if isinstance(body, dict):
        body = urlencode(body, doseq=True)
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
    elif not isinstance(body, str | bytes | bytearray):
        body = json.dumps(body)
    query = written["query_string"]
    return Request(
        method=written["method"],
        path=written["url_path"],
        query=query if isinstance(query, str) else urlencode(query, doseq=True),
        headers=headers,
        body=body.encode() if isinstance(body, str) else bytes(body),
        signs_as=str(model.signing_name),
    )
