"""Following what containers write: each line once, in the order of their times as far as AWS tells it in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from typing import Final

from reconciler.core.events import LogLine
from reconciler.core.evidence import Stream
from reconciler.engine.ports import LogEvent, Tasks
from reconciler.records import dataclass

# Lines become visible out of order: for how many seconds before the newest one seen they are asked for again.
_LATE: Final = 15.0


@dataclass(slots=True)
class Tail:
    """What was read of streams so far. `since` is the time of the first line that counts, in seconds since 1970."""

    tasks: Tasks
    unit: str
    since: float
    _newest: dict[tuple[str, str], float] = field(default_factory=dict)
    _told: dict[str, float] = field(default_factory=dict)

    def read(self, streams: Iterable[Stream]) -> Iterator[LogLine]:
        """Give the lines that are new, of all groups together in the order of their times.

        Where a group cannot be read no line counts as given: the next call gives what this one did not. AwsError.
        """
        grouped: dict[tuple[str, str], dict[str, Stream]] = defaultdict(dict)
        for stream in streams:
            grouped[stream.region, stream.group][stream.name] = stream
        found: list[tuple[LogEvent, Stream]] = []
        for key, events in [(key, self._events(key, tuple(named))) for key, named in grouped.items()]:
            named = grouped[key]
            for event in events:
                if self._is_new(event, named[event.stream]):
                    self._newest[key] = max(self._newest.get(key, 0.0), event.at)
                    found.append((event, named[event.stream]))
        oldest = min(self._newest.values(), default=0.0) - _LATE
        self._told = {name: at for name, at in self._told.items() if at >= oldest}
        for event, stream in sorted(found, key=lambda each: each[0].at):
            yield LogLine(
                unit=self.unit, at=event.at, task=stream.task, container=stream.container, text=event.text
            )

    def _events(self, key: tuple[str, str], names: tuple[str, ...]) -> Sequence[LogEvent]:
        region, group = key
        since = max(self.since, self._newest.get(key, 0.0) - _LATE)
        return self.tasks.log_events(group, names, since=since, region=region)

    def _is_new(self, event: LogEvent, stream: Stream) -> bool:
        name = f"{stream.group}/{stream.name}/{event.id}"
        if name in self._told:
            return False
        self._told[name] = event.at
        return True
