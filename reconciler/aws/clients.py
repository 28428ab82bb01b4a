"""Clients of AWS services as everything above `aws` sees them: plain data in and out, our errors raised."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from reconciler.aws import faults

WIRE: Final = frozenset({"ecs", "codedeploy"})
"""Services whose answers are taken as they came over the wire (see `keep_wire_body`)."""


class Client:
    """A client of one service: `plugin.AwsClient`. Safe to call from several threads.

    Timestamps are float seconds since the epoch, streamed bodies are `bytes`, and the metadata of the
    response is left out.
    """

    def __init__(self, open_client: Callable[[], Any], describe: Callable[[str], faults.Call]) -> None:
        """Take what gives botocore's client, asked at each call, and what names a call for messages."""
        self._open = open_client
        self._describe = describe

    def call(self, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """Call an operation by its API name (``GetParameters``). Raises `errors.AwsError`."""
        with told(self._describe(operation)) as call:
            return _body(call, self._method(operation)(**parameters))

    def pages(self, operation: str, /, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Call a paginated operation and give its pages as they come. Raises `errors.AwsError`."""
        from botocore import xform_name

        with told(self._describe(operation)) as call:
            pages = iter(self._open().get_paginator(xform_name(operation)).paginate(**parameters))
        while True:
            with told(call):
                page = next(pages, None)
                body = None if page is None else _body(call, page)
            if body is None:
                return
            yield body

    def _method(self, operation: str) -> Callable[..., dict[str, Any]]:
        from botocore import xform_name

        method: Callable[..., dict[str, Any]] = getattr(self._open(), xform_name(operation))
        return method


@contextmanager
def told(call: faults.Call) -> Iterator[faults.Call]:
    """Raise what botocore raises in the block as our errors."""
    from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
    from botocore.parsers import ResponseParserError

    try:
        yield call
    except ParamValidationError as error:
        raise faults.translate(error, call) from None  # it quotes what was to be sent, secrets too
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        raise faults.translate(error, call) from error


def _body(call: faults.Call, answer: dict[str, Any]) -> dict[str, Any]:
    answer.pop("ResponseMetadata", None)
    return answer if call.service in WIRE else {key: _plain(value) for key, value in answer.items()}


def keep_wire_body(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_event: Any
) -> None:
    """Answer botocore's event ``before-parse``: take a JSON body whole, without walking it by the model.

    So members newer than the installed model survive, timestamps stay the numbers that were sent, and a
    description of ten services, a thousand events in it, takes a tenth of the time.
    """
    if response_dict["status_code"] < 300:
        try:
            customized_response_dict.update(json.loads(response_dict["body"] or b"{}"))
        except (
            ValueError
        ) as error:  # a captive portal's page, say; botocore would take it for an empty answer
            from botocore.parsers import ResponseParserError

            raise ResponseParserError("the answer is not JSON") from error
        response_dict["body"] = b"{}"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.timestamp()
    return value.read() if hasattr(value, "read") else value
