"""Tasks as rows of a listing, and the course of one as lines."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from reconciler.core.kinds.spellings import revision_name, short_name
from reconciler.core.tasks import task_id
from reconciler.core.timelines import Moment
from reconciler.core.values import Json, JsonObject
from reconciler.render import texts
from reconciler.render.styles import PLAIN, Style
from reconciler.render.tables import Item

HEADINGS: Final = (
    "ID",
    "TASK DEFINITION",
    "INSTANCE",
    "LAST STATUS",
    "DESIRED STATUS",
    "CREATED AT",
    "GROUP",
    "TYPE",
)


def item(task: JsonObject) -> Item:
    """Give a task as a row."""
    type_ = task.get("launchType") or task.get("capacityProviderName") or ""
    cells = (
        task_id(task),
        revision_name(task.get("taskDefinitionArn")),
        short_name(task.get("containerInstanceArn")),
        task.get("lastStatus"),
        task.get("desiredStatus"),
        _time(task.get("createdAt")),
        task.get("group"),
        type_,
    )
    return Item(tuple("" if cell is None else str(cell) for cell in cells), task)


def course(moments: Iterable[Moment], style: Style = PLAIN) -> str:
    """Write the course of a task, a line each."""
    return "".join(
        f"{style.paint('dim', _time(moment.at))}  {moment.source}: {texts.safe(moment.what)}\n"
        for moment in moments
    )


def _time(at: Json) -> str:
    """Write a time in UTC, as machines sort it."""
    if not isinstance(at, int | float):
        return ""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
