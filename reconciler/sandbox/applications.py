"""The WSGI application: `/_sim/…` controls the sandbox, ECS is simulated, moto has (nearly) all the rest."""

import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from reconciler.sandbox import (
    control,
    distributions,
    identities,
    others,
    parameters,
    wire,
)
from reconciler.sandbox.errors import ConnectionDropped, Refusal
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.sandboxes import Sandbox
from reconciler.sandbox.wire import Answer, Call

StartResponse = Callable[[str, list[tuple[str, str]]], object]


class Application:
    """Answers every request that reaches the sandbox's port."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Serve `sandbox`."""
        self._sandbox = sandbox
        self._others = others.Others(sandbox.seed)

    def reset(self) -> None:
        """Make the other services forget everything too."""
        self._others.reset()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request; `ConnectionDropped` asks the server to reset the connection instead."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        path = environ.get("PATH_INFO", "/")
        if path.startswith("/_sim/"):
            answer = control.answer(self._sandbox, self._others, path.removeprefix("/_sim/"), body)
        elif path.startswith(distributions.PATHS):
            answer = distributions.answer(self._sandbox, environ)
        else:
            answer = self._aws(environ, body)
        status = f"{answer.status} {_phrase(answer.status)}"
        headers = dict(answer.headers)
        start_response(status, list(({"Content-Length": str(len(answer.body))} | headers).items()))
        return [answer.body]

    def _aws(self, environ: dict[str, Any], body: bytes) -> Answer:
        try:
            call = wire.read(environ, body)
        except Refusal as refusal:
            return wire.refused("json", refusal)
        sandbox = self._sandbox
        agent = environ.get("HTTP_USER_AGENT", "")
        entry = sandbox.note(call.region, call.service, call.operation, call.logged(), agent)
        with sandbox.lock:
            struck = sandbox.faults.strike(call.service, call.operation, body.decode("utf-8", "replace"))
        wait = sandbox.latency / 1000 + sum(each.latency for each in struck)
        if wait:
            time.sleep(wait)
        ending = struck[-1] if struck else None
        if ending and ending.reset == "before":
            entry["error"] = "reset before"
            raise ConnectionDropped
        try:
            answer = self._route(call, environ, ending)
        except Refusal as refusal:
            entry["error"] = refusal.code
            answer = wire.refused(call.protocol, refusal)
        if ending and ending.reset == "after":
            entry["error"] = "reset after"
            raise ConnectionDropped
        return answer

    def _route(self, call: Call, environ: dict[str, Any], fault: Fault | None) -> Answer:
        if fault and fault.code:
            raise Refusal(fault.code, fault.text, fault.status)
        with self._sandbox.lock:
            self._sandbox.limits.take(call.operation, identities.account(call.access_key), call.region)
        if call.service == "ecs":
            request = call.json()
            with self._sandbox.lock:
                return wire.json_answer(self._sandbox.ecs(call.region, call.operation, request))
        if call.protocol == "json":
            request = call.json()
            with self._sandbox.lock:
                own = self._sandbox.answer(call.region, call.service, call.operation, request)
                if own is not None:
                    return wire.json_answer(own)
        if call.protocol == "query":
            with self._sandbox.lock:
                described = self._sandbox.described(call.region, call.service, call.operation, call.form())
            if described is not None:
                return wire.xml_answer(described)
        if (call.service, call.operation) == ("monitoring", "SetAlarmState"):
            return self._alarm(call, environ)
        if identities.own(call):
            return identities.OPERATIONS[call.service, call.operation](call, self._sandbox.seed)
        if not self._others.running and not self._sandbox.seed.surroundings.calls:
            known = {**identities.OPERATIONS, **parameters.OPERATIONS}.get((call.service, call.operation))
            if known is not None:
                return known(call, self._sandbox.seed)
        return self._others.answer(environ, call)

    def _alarm(self, call: Call, environ: dict[str, Any]) -> Answer:
        """Answer SetAlarmState of an alarm that the seed has; moto answers for its own, and the state counts too."""
        given = call.json() if call.protocol == "json" else call.form()
        name, state = str(given.get("AlarmName", "")), str(given.get("StateValue", ""))
        with self._sandbox.lock:
            if self._sandbox.alarm(call.region, name, state, known=True):
                return wire.empty_answer(call.protocol, call.operation)
        answer = self._others.answer(environ, call)
        if answer.status == HTTPStatus.OK:
            with self._sandbox.lock:
                self._sandbox.alarm(call.region, name, state, known=False)
        return answer


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
