"""Reading AWS calls from WSGI requests and writing answers in the protocol of the service."""

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from reconciler.sandbox import rules
from reconciler.sandbox.errors import Refusal

_SCOPE: Final = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
_REST_XML: Final = frozenset({"s3", "s3express", "s3-outposts", "route53", "cloudfront"})
_JSON: Final = "application/x-amz-json-1.1"


@dataclass(frozen=True, slots=True)
class Call:
    """One AWS call: signing name, region, access key, operation as far as the protocol tells, and the raw body.

    `protocol` is `json`, `query`, `rest` (with XML) or `rest-json`; an operation of the latter two is `METHOD /path`.
    """

    service: str
    region: str
    access_key: str
    operation: str
    protocol: str
    body: bytes

    def json(self) -> Any:
        """Give the body of a JSON call."""
        try:
            return json.loads(self.body or b"{}")
        except ValueError:
            raise Refusal("SerializationException", "The request body is not valid JSON.") from None

    def form(self) -> dict[str, str]:
        """Give the body of a query call."""
        return {name: values[-1] for name, values in parse_qs(self.body.decode("utf-8", "replace")).items()}

    def logged(self) -> object:
        """Give the request as the call log keeps it."""
        if self.protocol == "json":
            try:
                return json.loads(self.body or b"{}")
            except ValueError:
                return None
        return self.form() if self.protocol == "query" else None


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@rules.documented("Signature Version 4: the credential scope names region and service")
def read(environ: dict[str, Any], body: bytes) -> Call:
    """Read the call in a request. Signatures are not checked; a request without any is a `Refusal`."""
    scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", "")) or _SCOPE.search(
        "Credential=" + parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential", [""])[0]
    )
    if scope is None:
        raise Refusal("MissingAuthenticationTokenException", "Missing Authentication Token")
    access_key, region, service = scope.groups()
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    kind = environ.get("CONTENT_TYPE", "")
    if target:
        return Call(service, region, access_key, target.rpartition(".")[2], "json", body)
    if kind.startswith("application/x-www-form-urlencoded"):
        action = parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0]
        return Call(service, region, access_key, action, "query", body)
    operation = f"{environ.get('REQUEST_METHOD', 'GET')} {environ.get('PATH_INFO', '/')}"
    protocol = "rest" if service in _REST_XML else "rest-json"
    return Call(service, region, access_key, operation, protocol, body)


def json_answer(content: object, status: int = 200, code: str = "") -> Answer:
    """Write an answer of the JSON protocol; times are numbers of seconds since 1970."""
    body = json.dumps(content, separators=(",", ":")).encode()
    extra = (("x-amzn-errortype", code),) if code else ()
    return Answer(status, (*_headers(_JSON), *extra), body)


def xml_answer(text: str, status: int = 200) -> Answer:
    """Write an answer of the query or REST protocol."""
    return Answer(status, _headers("text/xml"), text.encode())


def elements(content: object, item: str) -> str:
    """Write content as XML: members of objects are elements, those of lists are called `item`."""
    if isinstance(content, Mapping):
        return "".join(f"<{name}>{elements(value, item)}</{name}>" for name, value in content.items())
    if isinstance(content, list):
        return "".join(f"<{item}>{elements(each, item)}</{item}>" for each in content)
    return escape(str(content))


def empty_answer(protocol: str, operation: str) -> Answer:
    """Write that an operation without a result was carried out."""
    if protocol == "json":
        return json_answer({})
    return xml_answer(f"<{operation}Response><ResponseMetadata/></{operation}Response>")


def _headers(kind: str) -> tuple[tuple[str, str], ...]:
    return ("Content-Type", kind), ("x-amzn-RequestId", str(uuid.uuid4()))


@rules.documented("Smithy AWS JSON 1.1, AWS query and REST-XML protocols: how errors are written")
def refused(protocol: str, refusal: Refusal) -> Answer:
    """Write a refusal in the protocol that the caller speaks."""
    if protocol in ("json", "rest-json"):
        content = {"__type": refusal.code, "message": refusal.message, **refusal.members}
        return json_answer(content, refusal.status, refusal.code)
    error = f"<Code>{escape(refusal.code)}</Code><Message>{escape(refusal.message)}</Message>"
    if protocol == "query":
        kind = "Sender" if refusal.status < 500 else "Receiver"
        text = f"<ErrorResponse><Error><Type>{kind}</Type>{error}</Error></ErrorResponse>"
    else:
        text = f"<Error>{error}</Error>"
    return xml_answer(text, refusal.status)
