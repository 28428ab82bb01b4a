"""News as messages: within Slack's limits, whatever is in them, and as the schema of the webhook says."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from reconciler.core import alerts
from reconciler.core.drifts import Cause
from reconciler.render.drifts import Member
from reconciler.render.reports import Report, messages
from tests.render.test_drift_reports import AT, FIXTURES, drift, fleet, reports

SCHEMA: Mapping[str, Any] = json.loads(
    (Path(__file__).parents[2] / "docs/schemas/notification.schema.json").read_text()
)
KEY = b"key"


def news(now: Report, then: Report | None = None) -> alerts.News:
    known = alerts.compare(messages.alerts(then), (), KEY).memory if then is not None else ()
    return alerts.compare(messages.alerts(now), known, KEY)


@given(reports, reports)
def test_a_message_is_what_its_reader_takes(now: Report, then: Report) -> None:
    found = news(now, then)
    Draft202012Validator(SCHEMA).validate(json.loads(messages.webhook(found, now)))
    fits_slack(messages.slack(found, now))


def fits_slack(text: str) -> None:
    """Check limits, and that no text of ours or of others mentions anybody or is markup."""
    message = json.loads(text)
    assert len(message["blocks"]) <= 50
    assert sum(len(block["text"]["text"]) for block in message["blocks"]) < 12_000
    assert not set(message["text"]) & set("<>\n")
    for block in message["blocks"]:
        said = block["text"]["text"]
        assert 0 < len(said) <= (150 if block["type"] == "header" else 3000)
        if block["type"] != "header":
            assert not set(said) & set("<>")
            assert re.fullmatch("(?:&(?:amp|lt|gt);|[^&])*", said)
            for line in said.split("\n"):
                bare = re.sub("`[^`]+`", "", line)
                assert re.fullmatch(r"(?:\*(?:New|Changed|Over)\*|[•…]? ?[a-zA-Z0-9,.:() ]*)", bare), line


def test_projects_of_every_sort() -> None:
    now = fleet()
    then = Report(members=(Member("web/reconciler.yml", (*now.members[4].drifts[1:], drift("cpu", "256", "512"))),),
                  name=now.name, at=AT)  # fmt: skip
    found = news(now, then)
    told = {name: write(found, now) + "\n" for name, write in messages.WRITE.items()}
    for name, text in told.items():
        if "RECONCILER_UPDATE_GOLDENS" in os.environ:
            (FIXTURES / f"drift.{name}.json").write_text(text)
        assert text == (FIXTURES / f"drift.{name}.json").read_text()


def test_what_there_is_no_room_for_is_counted() -> None:
    many = tuple(drift(f"a{number:05}", "b" * 5000, "c") for number in range(900))
    report = Report(members=(Member("web.yml", many),), name="web.yml", at=AT)
    found = news(report)
    slack = messages.slack(found, report)
    fits_slack(slack)
    assert re.search(r"… and \d+ more", json.loads(slack)["blocks"][2]["text"]["text"])
    posted = json.loads(messages.webhook(found, report))
    assert (posted["summary"]["new"], len(posted["new"])) == (900, 200)
    assert "live" not in posted["new"][0]
    assert posted["new"][0]["wanted"] == "c"


@pytest.mark.parametrize(
    ("wanted", "count"), [((), 10), (("live",), 6), (("live", "unmanaged"), 7), (("high",), 3)]
)
def test_only_what_fails_the_run_is_told(wanted: tuple[str, ...], count: int) -> None:
    told = messages.alerts(fleet(), wanted)
    assert [alert.topic.project for alert in told if alert.topic.sort is alerts.Sort.FAILED] == [
        "b/reconciler.yml"
    ]
    assert Cause.UNMANAGED.value not in {alert.topic.cause for alert in told if alert.topic.project}
    assert len(told) == count
