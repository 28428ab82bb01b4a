"""CloudTrail's event history: LookupEvents tells of the calls that changed ECS, or tried to, and of who scaled it.

moto has the rest of that API.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from reconciler.sandbox import pages, rules, servicerules, shapes
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import ACCOUNT, CALLER, Body, World

SERVICE: Final = "cloudtrail"
TOLD: Final = ("ecs", "application-autoscaling")
"""The services whose calls are told of."""
_READS: Final = ("Describe", "List", "Get")
_PAGE: Final = 50
_DAYS: Final = 90
_SCALER: Final = "ecs.application-autoscaling.amazonaws.com"


@rules.documented(
    "CloudTrail model, LookupEvents: one attribute at most, 50 events a page, 90 days, the newest first; "
    "InvalidLookupAttributesException, InvalidMaxResultsException, InvalidTimeRangeException"
)
@rules.documented(
    "CloudTrail user guide: events come within about 5 minutes on average, which is not guaranteed (knob `trail`)"
)
@rules.guessed("the wording of the refusals; that the delay is the same for every event")
def lookup_events(entries: Sequence[Body], now: float, delay: float, request: Body) -> Body:
    """Show the calls among `entries`, the oldest first, that an attribute and a range of time choose."""
    attributes = request.get("LookupAttributes") or []
    if len(attributes) > 1:
        raise Refusal("InvalidLookupAttributesException", "You can only specify one lookup attribute.")
    size = int(request.get("MaxResults") or _PAGE)
    if not 1 <= size <= _PAGE:
        raise Refusal("InvalidMaxResultsException", f"MaxResults must be between 1 and {_PAGE}.")
    first, last = request.get("StartTime", 0.0), request.get("EndTime", now)
    if first > last:
        raise Refusal("InvalidTimeRangeException", "The start time is after the end time.")
    told = [
        event(entry, number)
        for number, entry in enumerate(entries)
        if entry["at"] <= now - delay and max(first, now - _DAYS * 86400) <= entry["at"] <= last
    ]
    wanted = [each for each in reversed(told) if all(_has(each, attribute) for attribute in attributes)]
    cut = pages.cut(wanted, "Events", {"maxResults": size, "nextToken": request.get("NextToken")})
    return {"NextToken" if name == "nextToken" else name: value for name, value in cut.items()}


_ATTRIBUTES: Final[Mapping[str, str]] = {
    name: name for name in ("EventId", "EventName", "EventSource", "Username", "ReadOnly")
}


@rules.documented("CloudTrail model, LookupAttributeKey")
def _has(told: Body, attribute: Body) -> bool:
    key = attribute["AttributeKey"]
    if key not in _ATTRIBUTES:
        raise servicerules.not_simulated(f"LookupEvents by {key}")
    return bool(told[_ATTRIBUTES[key]] == attribute["AttributeValue"])


@rules.documented("CloudTrail user guide, record contents: the members, and that eventTime has whole seconds")
@rules.reported("published records of UpdateService: requestParameters are the request, in the API's names")
@rules.guessed("that Resources is empty, and responseElements null")
def event(entry: Body, number: int) -> Body:
    """Tell of a call as CloudTrail does; its id is derived from its number."""
    identity = _identity(entry)
    agent = identity.get("invokedBy") or entry["agent"]
    source = f"{entry['service']}.amazonaws.com"
    record: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": identity,
        "eventTime": datetime.fromtimestamp(int(entry["at"]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": source,
        "eventName": entry["operation"],
        "awsRegion": entry["region"],
        "sourceIPAddress": identity.get("invokedBy") or "127.0.0.1",
        "userAgent": agent,
        "requestParameters": entry["request"],
        "responseElements": None,
        "eventID": str(uuid.uuid5(uuid.NAMESPACE_URL, f"sandbox/{entry['region']}/{number}")),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }
    if entry.get("error"):
        record["errorCode"] = entry["error"]
    return {
        "EventId": record["eventID"],
        "EventName": record["eventName"],
        "ReadOnly": "false",
        "EventTime": int(entry["at"]),
        "EventSource": source,
        "Username": identity.get("userName") or identity["arn"].rpartition("/")[2],
        "Resources": [],
        "CloudTrailEvent": json.dumps(record),
    }


@rules.documented(
    "CloudTrail user guide, userIdentity: arn, invokedBy; Application Auto Scaling user guide: its role for ECS"
)
@rules.guessed("that calls without more are one IAM user's, and the name of the scaler's session")
def _identity(entry: Body) -> Body:
    if entry.get("by") == _SCALER:
        role = "AWSServiceRoleForApplicationAutoScaling_ECSService"
        return {
            "type": "AssumedRole",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/AutoScaling-UpdateDesiredCapacity",
            "accountId": ACCOUNT,
            "invokedBy": _SCALER,
        }
    return {
        "type": "IAMUser",
        "principalId": "AIDASANDBOX0000000000",
        "arn": CALLER,
        "accountId": ACCOUNT,
        "userName": CALLER.rpartition("/")[2],
    }


@rules.documented(
    "Application Auto Scaling user guide: it changes services by UpdateService, in its own role"
)
def scaled(world: World, request: Body) -> None:
    """Keep that Application Auto Scaling updated a service; what the seed holds was nobody's doing."""
    if world.seeding:
        return
    world.trail.append(
        {
            "at": world.now,
            "region": world.region,
            "service": "ecs",
            "operation": "UpdateService",
            "request": request,
            "agent": _SCALER,
            "by": _SCALER,
        }
    )


@rules.documented("CloudTrail user guide, management events: what changes something is a write event")
def is_told(service: str, operation: str) -> bool:
    """Tell whether a call is one that changes something, and of a service that is told of."""
    return service in TOLD and not operation.startswith(_READS)


def answer(
    world: World, operation: str, request: object, entries: Sequence[Body], agents: Sequence[str]
) -> Body | None:
    """Answer LookupEvents from the log of calls, or give None; may raise a `Refusal`."""
    if operation != "LookupEvents":
        return None
    accepted = shapes.accept(operation, request, SERVICE)
    own = [
        {**entry, "agent": agent}
        for entry, agent in zip(entries, agents, strict=True)
        if entry["region"] == world.region and is_told(entry["service"], entry["operation"])
    ]
    told = sorted([*own, *world.trail], key=lambda entry: float(entry["at"]))
    return lookup_events(told, world.now, world.knobs.trail, accepted)
