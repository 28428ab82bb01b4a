"""News of drift as messages: JSON for a webhook (docs/schemas/notification.schema.json), blocks for Slack.

No value in them is secret: alerts hold what a plan may show. Slack takes 50 blocks, 3,000 characters in a section and
150 in a header (docs.slack.dev, reference/block-kit/blocks), and has refused about 13,000 in all
(github.com/slackapi/bolt-js/issues/2509); of `&`, `<` and `>` it takes the entities ("Formatting message text").
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, TypeAlias

from reconciler.core.alerts import Alert, News, Sort, Topic
from reconciler.core.redaction import MASK
from reconciler.core.strays import Stray
from reconciler.core.values import Json
from reconciler.render import drifts, texts
from reconciler.render.reports import Report, cause

FORMAT: Final = 1
"""The version of the webhook's form."""
_MOST: Final = 200
"""How many of each a webhook is told of."""
_LONGEST: Final = 1_000
"""Of a longer value in JSON a webhook is not told."""
_SECTION: Final = 2_900
_HEADER: Final = 150
_LINE: Final = 400
_VALUE: Final = 80

Write: TypeAlias = Callable[[News, Report], str]


def alerts(report: Report, wanted: Sequence[str] = ()) -> tuple[Alert, ...]:
    """Give what a report has to tell: drift of the causes and severities that are wanted, and what failed.

    Services that nobody declares are told of where no words say what is wanted, or ``unmanaged`` does.
    """
    return tuple(_alerts(report, wanted))


def _alerts(report: Report, wanted: Sequence[str]) -> Iterator[Alert]:
    for member in report.members:
        if member.error:
            yield Alert(
                topic=Topic(sort=Sort.FAILED, project=member.path), message=member.error.split("\n")[0]
            )
        for drift in drifts.counted(member.drifts, wanted):
            topic = Topic(
                sort=Sort.DRIFT, project=member.path, unit=drift.unit, address=drift.address, cause=cause(drift),
                severity=drift.severity.value,
            )  # fmt: skip
            yield Alert(
                topic=topic, live=drift.before, wanted=drift.after, has_live=drift.has_before and bool(drift.address),
                has_wanted=drift.has_after and bool(drift.address),
            )  # fmt: skip
    if report.unmanaged is not None and (not wanted or "unmanaged" in wanted):
        yield from (Alert(topic=_topic(stray)) for stray in report.unmanaged.strays if stray.certain)


def _topic(stray: Stray) -> Topic:
    place = " ".join(filter(None, (stray.account, stray.region)))
    return Topic(sort=Sort.UNMANAGED, unit=stray.unit, address=place, cause="unmanaged", severity="info")


def webhook(news: News, report: Report) -> str:
    """Write news as JSON."""
    listed: Mapping[str, Sequence[Json]] = {
        "new": [_alert(alert) for alert in news.new],
        "changed": [_alert(alert) for alert in news.changed],
        "over": [_subject(topic) for topic in news.over],
    }
    body = {
        "format": FORMAT,
        "event": "drift",
        "id": news.id,
        "name": report.name,
        "at": datetime.fromtimestamp(report.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "summary": {**{name: len(found) for name, found in listed.items()}, "still": news.still},
        **{name: list(found[:_MOST]) for name, found in listed.items()},
    }
    return json.dumps(body, indent=1)


def _alert(alert: Alert) -> Json:
    values = {"live": alert.live} if alert.has_live else {}
    values |= {"wanted": alert.wanted} if alert.has_wanted else {}
    short = {name: value for name, value in values.items() if len(json.dumps(value)) <= _LONGEST}
    return {**_subject(alert.topic), **short, **({"message": alert.message} if alert.message else {})}


def _subject(topic: Topic) -> dict[str, Json]:
    named = {"project": topic.project, "unit": topic.unit, "address": topic.address, "cause": topic.cause}
    return {"sort": topic.sort.value, **named, "severity": topic.severity}


def slack(news: News, report: Report) -> str:
    """Write news as a message of Slack's."""
    told = summary(news)
    blocks: list[Json] = [
        {
            "type": "header",
            "text": {"type": "plain_text", "text": texts.cut(texts.safe(f"Drift: {report.name}"), _HEADER)},
        },
        _section(told),
    ]
    for title, lines in (
        ("New", map(_line, news.new)),
        ("Changed", map(_line, news.changed)),
        ("Over", map(_named, news.over)),
    ):
        if text := _listed(title, list(lines)):
            blocks.append(_section(text))
    return json.dumps(
        {"text": texts.cut(_plain(f"Drift: {report.name}: {told}"), _SECTION), "blocks": blocks}, indent=1
    )


def summary(news: News) -> str:
    """Say how much there is of what."""
    counts = (("new", len(news.new)), ("changed", len(news.changed)), ("over", len(news.over)))
    told = [f"{count} {name}" for name, count in counts if count]
    return ", ".join([*told, f"{news.still} still open" if news.still else "nothing else is open"]) + "."


def _section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _listed(title: str, lines: Sequence[str]) -> str:
    """Write lines below a title, as many as a section has room for."""
    if not lines:
        return ""
    text = f"*{title}*"
    for place, line in enumerate(lines):
        more = f"\n… and {len(lines) - place:,} more"
        if len(text) + len(line) + 1 + len(more) > _SECTION:
            return text + more
        text += f"\n{line}"
    return text


def _line(alert: Alert) -> str:
    topic = alert.topic
    named = _named(topic)
    if topic.sort is Sort.FAILED:
        return f"{named}: {_code(alert.message, _LINE)}"
    if not (alert.has_live or alert.has_wanted):
        return named + (": it is not in AWS" if topic.sort is Sort.DRIFT else "")
    if alert.live == alert.wanted == MASK:
        return f"{named}: a secret"
    live = texts.quoted(alert.live) if alert.has_live else "not set"
    wanted = texts.quoted(alert.wanted) if alert.has_wanted else "not set"
    return f"{named}: {_code(live, _VALUE)}, the files say {_code(wanted, _VALUE)}"


def _named(topic: Topic) -> str:
    if topic.sort is Sort.FAILED:
        return f"• {_code(topic.project, _LINE)} failed"
    if topic.sort is Sort.UNMANAGED:
        return f"• {_code(f'{topic.unit} {topic.address}', _LINE)} is declared by no file"
    said = f"{topic.project}: {topic.unit} {topic.address}".rstrip()
    return f"• {_code(said, _LINE)} ({topic.cause}, {topic.severity})"


def _code(text: str, limit: int) -> str:
    """Write a text as code, which a backtick would end."""
    shown = texts.cut(texts.safe(text), limit).replace("`", "'")
    return f"`{_plain(shown)}`" if shown.strip() else "` `"


def _plain(text: str) -> str:
    return texts.safe(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


WRITE: Final[Mapping[str, Write]] = {"webhook": webhook, "slack": slack}
"""How news are written, by who is told."""


def unanswered(report: Report) -> Iterable[str]:
    """Give the projects of which nothing was learnt."""
    return (member.path for member in report.members if member.error)


def surveyed(report: Report) -> bool:
    """Tell whether all services that nobody declares were found: where some are not certain, none is over."""
    found = report.unmanaged
    return found is not None and not found.notes and all(stray.certain for stray in found.strays)
