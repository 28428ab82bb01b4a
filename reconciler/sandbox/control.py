"""The control endpoints, `POST /_sim/NAME` with a JSON body, and `GET` for `calls` and `dump`.

advance   {"seconds": 30}             let simulated time pass
knobs     {"pull": 2, "speed": 10}    see `knobs`; also `speed` and `latency` (milliseconds)
latency   {"milliseconds": 20}        wait before each answer
faults    [rule, …]                   see `faults`
limits    {operation: {…}}            see `faults`
alarms    {"errors": "ALARM"}         put CloudWatch alarms into states
reset                                 go back to the seed
calls                                 every AWS call so far
dump                                  the state of ECS
"""

import json
from typing import Any

from reconciler.sandbox import seeds
from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.others import Others
from reconciler.sandbox.sandboxes import Sandbox
from reconciler.sandbox.wire import Answer


def answer(sandbox: Sandbox, others: Others, name: str, body: bytes) -> Answer:
    """Carry out a control request; what is wrong with it is said with status 400."""
    try:
        return _written(_carry_out(sandbox, others, name, _content(body)))
    except SandboxError as error:
        return _written({"error": str(error)}, 400)


def _content(body: bytes) -> Any:
    try:
        return json.loads(body) if body.strip() else {}
    except ValueError as error:
        raise SandboxError(f"is not JSON: {error}", "request body") from None


def _carry_out(sandbox: Sandbox, others: Others, name: str, content: Any) -> object:
    if name == "faults":
        if not isinstance(content, list):
            raise SandboxError("must be a list", name)
        sandbox.fail(content)
        return {"now": sandbox.clock.now()}
    if not isinstance(content, dict):
        raise SandboxError("must be an object", name)
    if name == "calls":
        with sandbox.lock:
            return {"calls": list(sandbox.calls)}
    if name == "dump":
        return sandbox.dump()
    if name == "advance":
        sandbox.advance(seeds.number(content.get("seconds"), "advance.seconds"))
    elif name == "latency":
        sandbox.turn({"latency": content.get("milliseconds")})
    elif name == "knobs":
        sandbox.turn(content)
    elif name == "limits":
        sandbox.throttle(content)
    elif name == "alarms":
        sandbox.sound(content)
    elif name == "reset":
        sandbox.reset()
        others.reset()
    else:
        raise SandboxError(
            "there are advance, knobs, latency, faults, limits, alarms, reset, calls and dump",
            f"/_sim/{name}",
        )
    return {"now": sandbox.clock.now()}


def _written(content: object, status: int = 200) -> Answer:
    return Answer(
        status, (("Content-Type", "application/json"),), json.dumps(content, sort_keys=True).encode()
    )
