"""What somebody should hear of, and what of it is news: held against what was told last time.

Takes what a run found and a memory of what was told last. Says what is new, what changed, what is over. A memory holds
no values: each thing has a digest, with a key that only who may send the message knows, so that none can be guessed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Collection, Iterable
from enum import Enum
from typing import Final

from reconciler.core.values import Json
from reconciler.records import dataclass

FORMAT: Final = 1
"""The version of a memory's form."""


class Sort(Enum):
    """What an alert is about: a field that differs, a project that has no answer, a service that nobody declares."""

    DRIFT = "drift"
    FAILED = "failed"
    UNMANAGED = "unmanaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What an alert is about, whatever its values are. `project` is empty of a service that nobody declares."""

    sort: Sort
    project: str = ""
    unit: str = ""
    address: str = ""
    cause: str = ""
    severity: str = ""

    @property
    def name(self) -> tuple[str, str, str, str]:
        """Give what tells it from others: not its cause, which may change while it stands."""
        return self.sort.value, self.project, self.unit, self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something to hear of, with values as they may be shown.

    `message` is what a person reads, and may differ from run to run; it tells no alerts apart.
    """

    topic: Topic
    live: Json = None
    wanted: Json = None
    has_live: bool = False
    has_wanted: bool = False
    message: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """Something that was told, and its digest then."""

    topic: Topic
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What differs from what was told last: `over` is not there any more; `still` things are open as they were.

    `memory` is what is to be remembered once this is told. `id` is the same for the same memory.
    """

    new: tuple[Alert, ...]
    changed: tuple[Alert, ...]
    over: tuple[Topic, ...]
    still: int
    memory: tuple[Known, ...]
    id: str

    @property
    def any(self) -> bool:
        """Tell whether there is anything to tell."""
        return bool(self.new or self.changed or self.over)


def digest(alert: Alert, key: bytes) -> str:
    """Digest what an alert says, but for its severity, which a rule may change, and its message."""
    said = [
        *alert.topic.name, alert.topic.cause, alert.has_live, alert.live, alert.has_wanted, alert.wanted,
    ]  # fmt: skip
    return signed(json.dumps(said, sort_keys=True), key)


def signed(text: str, key: bytes) -> str:
    """Give the keyed digest of a text, 32 digits."""
    return hmac.new(key, text.encode(errors="backslashreplace"), hashlib.sha256).hexdigest()[:32]


def compare(
    alerts: Iterable[Alert],
    known: Iterable[Known],
    key: bytes,
    *,
    unanswered: Collection[str] = (),
    everything: bool = True,
    surveyed: bool = True,
) -> News:
    """Say what is news.

    Of `unanswered` projects, and of all where a run did not see `everything`, what was known stays so: nothing was
    learnt of it. The same holds of services that nobody declares, unless they were `surveyed`.
    """
    now = {alert.topic.name: (alert, digest(alert, key)) for alert in alerts}
    then = {each.topic.name: each for each in known}
    kept, over = [], []
    for name, each in then.items():
        if name in now:
            continue
        unasked = each.topic.sort is Sort.UNMANAGED and not surveyed
        if not everything or each.topic.project in unanswered or unasked:
            kept.append(each)
        else:
            over.append(each.topic)
    new = tuple(alert for name, (alert, _) in now.items() if name not in then)
    changed = tuple(
        alert for name, (alert, made) in now.items() if name in then and then[name].digest != made
    )
    memory = tuple(
        sorted(
            [*kept, *(Known(alert.topic, made) for alert, made in now.values())],
            key=lambda each: each.topic.name,
        )
    )
    return News(
        new=new,
        changed=changed,
        over=tuple(over),
        still=len(memory) - len(new) - len(changed),
        memory=memory,
        id=signed(write(memory), key),
    )


_MEMBERS: Final = ("project", "unit", "address", "cause", "severity")


def write(memory: Iterable[Known]) -> str:
    """Write a memory as JSON."""
    told = [
        {
            "sort": each.topic.sort.value,
            **{name: getattr(each.topic, name) for name in _MEMBERS},
            "digest": each.digest,
        }
        for each in memory
    ]
    return json.dumps({"format": FORMAT, "told": told}, indent=1) + "\n"


def read(text: str) -> tuple[Known, ...]:
    """Read a memory. ValueError where it is damaged, or of another version."""
    try:
        body = json.loads(text)
        if body["format"] != FORMAT:
            raise ValueError(f"its format is {body['format']!r}")
        return tuple(
            Known(
                Topic(sort=Sort(each["sort"]), **{name: str(each[name]) for name in _MEMBERS}),
                str(each["digest"]),
            )
            for each in body["told"]
        )
    except (KeyError, TypeError) as error:
        raise ValueError("it is damaged") from error
