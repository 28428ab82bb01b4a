"""Every service but ECS: moto, imported at the first call that needs it and given what the seed holds for it."""

import io
import json
import threading
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import quote

from reconciler.sandbox import outsiders
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.outsiders import Outsider
from reconciler.sandbox.seeds import Seed
from reconciler.sandbox.wire import Answer, Call

_Wsgi = Callable[[dict[str, Any], Callable[..., object]], Iterable[bytes]]
_CREDENTIALS: Final = (
    "AWS4-HMAC-SHA256 Credential=sandbox/20260101/{}/{}/aws4_request, SignedHeaders=host, Signature=0"
)


class Others:
    """moto behind the sandbox. moto's state belongs to the process, so two sandboxes in one process share it."""

    def __init__(self, seed: Seed) -> None:
        """Know what to give to moto once it runs."""
        self._seed = seed
        self._lock = threading.RLock()
        self._moto: _Wsgi | None = None
        self._seeded: set[str] = set()
        self._failure: Refusal | None = None

    @property
    def running(self) -> bool:
        """Whether moto is loaded and thus answers for what the seed gave it."""
        return self._moto is not None

    def answer(self, environ: dict[str, Any], call: Call) -> Answer:
        """Let moto answer; without it, a `Refusal` says what to install."""
        with self._lock:
            if self._moto is None:
                self._moto = self._load(call)
            if self._failure is not None:
                raise self._failure
            if call.region not in self._seeded:
                self._seeded.add(call.region)
                try:
                    self._give(self._moto, call.region)
                except Refusal as refusal:
                    # It stays: an SDK that tries again must not find services that hold half of the seed.
                    self._failure = refusal
                    raise
        return _asked(self._moto, environ | {"wsgi.input": io.BytesIO(call.body)}, call)

    def reset(self) -> None:
        """Make moto forget everything; it gets the seed again at the next call."""
        with self._lock:
            if self._moto is not None:
                _call(self._moto, _environ("POST", "/moto-api/reset", b"", {}))
            self._seeded.clear()
            self._failure = None

    def _load(self, call: Call) -> _Wsgi:
        try:
            from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
        except ImportError as error:
            message = (
                f"The sandbox leaves {call.service} {call.operation} to moto, which comes with the extra 'sandbox' "
                f"(pip install 'ecs-reconciler[sandbox]'): {error}"
            )
            raise Refusal("NotSimulatedBySandbox", message, status=501) from error
        application: _Wsgi = DomainDispatcherApplication(create_backend_app)
        _call(application, _environ("POST", "/moto-api/reset", b"", {}))
        return application

    def _give(self, moto: _Wsgi, region: str) -> None:
        for parameter in self._seed.parameters_of(region).values():
            request = {
                "Name": parameter.name,
                "Value": parameter.value,
                "Type": parameter.type,
                "Overwrite": True,
            }
            for _ in range(parameter.version):
                self._post(moto, region, "ssm", "AmazonSSM.PutParameter", request)
        for name, text in self._seed.secrets_of(region).items():
            request = {"Name": name, "SecretString": text}
            self._post(moto, region, "secretsmanager", "secretsmanager.CreateSecret", request)
        first = len(self._seeded) == 1
        for each in self._seed.surroundings.calls if self._seed.concerns(region) else ():
            if first or each.regional:
                self._send(moto, region, each)
        if not first:
            return
        for bucket, objects in self._seed.objects.items():
            self._put(moto, f"/{bucket}", b"")
            for key, content in objects.items():
                self._put(moto, f"/{bucket}/{quote(key)}", content)

    def _post(self, moto: _Wsgi, region: str, service: str, target: str, request: object) -> None:
        headers = {
            "CONTENT_TYPE": "application/x-amz-json-1.1",
            "HTTP_X_AMZ_TARGET": target,
            "HTTP_AUTHORIZATION": _CREDENTIALS.format(region, service),
        }
        _succeed(_call(moto, _environ("POST", "/", json.dumps(request).encode(), headers)), target)

    def _send(self, moto: _Wsgi, region: str, call: Outsider) -> None:
        request = outsiders.write(call)
        names = {name: name.upper().replace("-", "_") for name in request.headers}
        headers = {
            key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}": request.headers[name]
            for name, key in names.items()
        }
        headers["HTTP_AUTHORIZATION"] = _CREDENTIALS.format(region, request.signs_as)
        environ = _environ(request.method, request.path, request.body, headers) | {
            "QUERY_STRING": request.query
        }
        _succeed(_call(moto, environ), f"{call.service} {call.operation} ({call.place})")

    def _put(self, moto: _Wsgi, path: str, content: bytes) -> None:
        headers = {"HTTP_AUTHORIZATION": _CREDENTIALS.format("us-east-1", "s3")}
        _succeed(_call(moto, _environ("PUT", path, content, headers)), f"PUT {path}")


def _asked(moto: _Wsgi, environ: dict[str, Any], call: Call) -> Answer:
    """Let moto answer; where it breaks down, as it does on what it has not, say so in place of a dropped connection."""
    what = f"{call.service} {call.operation}"
    try:
        answer = _call(moto, environ)
    except NotImplementedError:
        raise _neither(what) from None
    except ImportError as error:
        message = f"The sandbox leaves {what} to moto, which lacks a part of itself for it: {error}"
        raise Refusal("NotSimulatedBySandbox", message, status=501) from error
    except Exception as error:  # moto breaks down in any way, above all on services it does not know
        if isinstance(error, AttributeError) and "NoneType" in str(error):
            raise _neither(what) from None
        message = f"The sandbox leaves {what} to moto, which broke down: {error!r}"
        raise Refusal("NotSimulatedBySandbox", message, status=501) from error
    if (
        answer.status >= 400
        and any("text/html" in value for _, value in answer.headers)
        and _is_page(answer.body)
    ):
        raise _neither(what)
    return answer


def _is_page(body: bytes) -> bool:
    return body[:15].lower() == b"<!doctype html>"


def _neither(what: str) -> Refusal:
    return Refusal("NotSimulatedBySandbox", f"Neither the sandbox nor moto simulates {what}.", status=501)


def _succeed(answer: Answer, what: str) -> None:
    if answer.status >= 300:
        raise Refusal(
            "SeedFailed", f"moto refused {what} of the seed: {answer.body.decode('utf-8', 'replace')}", 501
        )


def _call(application: _Wsgi, environ: dict[str, Any]) -> Answer:
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: object = None) -> None:
        started.append((status, headers))

    parts = application(environ, start_response)
    body = b"".join(parts)
    close = getattr(parts, "close", None)
    if close is not None:
        close()
    status, headers = started[-1]
    # The length of an answer to HEAD is that of the body it does not have.
    dropped = {"connection"} | ({"content-length"} if body else set())
    kept = tuple((name, value) for name, value in headers if name.lower() not in dropped)
    return Answer(int(status.partition(" ")[0]), kept, body)


def _environ(method: str, path: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "RAW_URI": path,
        "REQUEST_URI": path,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **headers,
    }
