"""Recorded sequences of events under ``fixtures/render/live``, and the frames that come of them.

``<name>.json`` holds what watching a rollout in the sandbox reported; ``<name>.txt``, and ``<name>.<variant>.txt``,
how the live screen looked after each event that changed it. `python -m tests.render.recording` records anew and draws
anew: the difference is to be read before it is committed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from reconciler import sandbox
from reconciler.api.connections import Connection
from reconciler.core.events import Event, RolloutProgress, ServiceEvent
from reconciler.engine import watching
from reconciler.render import live
from reconciler.render.live import Screen, Size
from reconciler.render.pieces import ASCII, UNICODE, Glyphs
from reconciler.sandbox.servings import Serving
from tests.sandbox.bodies import BREAKER, service, task_definition

FOLDER: Final = Path(__file__).parents[2] / "fixtures/render/live"
REGION: Final = "eu-west-1"
CHECK: Final = {
    "hookTargetArn": f"arn:aws:lambda:{REGION}:123456789012:function:check",
    "roleArn": "arn:aws:iam::123456789012:role/hook",
    "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"],
}
PAUSE: Final = {
    "targetType": "PAUSE",
    "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"],
    "timeoutConfiguration": {"timeoutInMinutes": 60, "action": "ROLLBACK"},
}
GREEN: Final = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1}
CANARY: Final = {
    "strategy": "CANARY",
    "bakeTimeInMinutes": 1,
    "canaryConfiguration": {"canaryPercent": 7.5, "canaryBakeTimeInMinutes": 1},
    "alarms": {"alarmNames": ["web-errors"], "enable": True, "rollback": True},
}

STORIES: Final[Mapping[str, Mapping[str, Any]]] = {
    "rolling": {"configuration": BREAKER},
    "blue_green": {
        "configuration": {**GREEN, "lifecycleHooks": [CHECK]},
        "script": {"hooks": {"*:function:check": {"status": "SUCCEEDED", "seconds": 20}}},
    },
    "paused": {"configuration": {**GREEN, "lifecycleHooks": [PAUSE]}},
    "canary": {
        "configuration": CANARY,
        "script": {"alarms": {"web-errors": {"after": 60, "state": "ALARM"}}},
    },
    "rolled_back": {"configuration": BREAKER, "image": "repo/web:crash"},
}
"""What is recorded: how the service is deployed, the new image, and what the sandbox's seed scripts."""


_WIDE: Final = Size(100, 30)


@dataclass(frozen=True, slots=True)
class Variant:
    """How to draw recordings: on what, with what, and of which stories at once."""

    stories: tuple[str, ...]
    size: Size = _WIDE
    glyphs: Glyphs = UNICODE


VARIANTS: Final[Mapping[str, Variant]] = {
    **{name: Variant((name,)) for name in STORIES},
    "blue_green.narrow": Variant(("blue_green",), Size(44, 12)),
    "blue_green.low": Variant(("blue_green",), Size(100, 4)),
    "blue_green.ascii": Variant(("blue_green",), glyphs=ASCII),
    "several": Variant(tuple(STORIES)),
    "several.low": Variant(tuple(STORIES), Size(80, 4)),
}


@dataclass(slots=True)
class _Clock:
    """The sandbox's own time, which passes while the engine sleeps."""

    served: Serving
    time: float

    def now(self) -> float:
        """Give the time in seconds since the epoch."""
        return self.time

    def sleep(self, seconds: float, /) -> None:
        """Let it pass."""
        self.served.advance(seconds)
        self.time += seconds


def recorded(name: str) -> list[Event]:
    """Read what a story told."""
    kinds = {"RolloutProgress": RolloutProgress, "ServiceEvent": ServiceEvent}
    events: list[Event] = []
    for fields in json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")):
        kind = fields.pop("kind")
        if "deployments" in fields:
            fields["deployments"] = tuple(fields["deployments"])
        events.append(kinds[kind](**fields))
    return events


def record(name: str) -> Iterator[Event]:
    """Watch a story in the sandbox until it ends, or stands still."""
    story = STORIES[name]
    images = ("repo/web:1", story.get("image", "repo/web:2"))
    seed = {
        "region": REGION,
        "task_definitions": [task_definition(image) for image in images],
        "services": [service(count=3, deploymentConfiguration=story["configuration"])],
        **story.get("script", {}),
    }
    with sandbox.serving(seed) as served:
        environ = {
            "AWS_ENDPOINT_URL": served.endpoint_url,
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }
        gateway = Connection(environ, profile=None, assume_role_arn=None).gateway(REGION)
        gateway.update_service({"cluster": "main", "service": "web", "taskDefinition": "web:2"})
        current = watching.current(gateway, "main", "web")
        target = watching.pick_up(current, "main", "web", "stable", 600.0)
        yield from watching.watch(gateway, _Clock(served, target.created), target)


def draw(variant: Variant) -> str:
    """Draw what a variant looked like after each event that changed it."""
    events = sorted(
        (
            (event, story)
            for story in variant.stories
            for event in recorded(story)
            if isinstance(event, RolloutProgress)
        ),
        key=lambda each: each[0].at,
    )
    screen, text = Screen(), ""
    shown: tuple[str, ...] = ()
    began = events[0][0].at
    for event, story in events:
        named = replace(event, unit=f"service.main/{story}") if len(variant.stories) > 1 else event
        screen = live.note(screen, named)
        lines = live.lines(screen, variant.size, event.at, with_=variant.glyphs)
        if lines != shown:
            text += f"=== {event.at - began:.1f} s\n" + "".join(f"{line}\n" for line in lines)
            shown = lines
    return text


def main() -> None:
    """Record and draw everything anew."""
    for name in STORIES:
        told = [{"kind": type(event).__name__, **asdict(event)} for event in record(name)]
        lines = ",\n".join(json.dumps(each, ensure_ascii=False) for each in told)
        (FOLDER / f"{name}.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    for name, variant in VARIANTS.items():
        (FOLDER / f"{name}.txt").write_text(draw(variant), encoding="utf-8")


if __name__ == "__main__":
    main()
