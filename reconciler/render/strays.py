"""Services that no project file declares: as people read them, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from reconciler.core.drifts import Cause
from reconciler.core.strays import Forgotten, Stray, Unmanaged
from reconciler.core.values import Json
from reconciler.render import texts
from reconciler.render.styles import PLAIN, Style


def human(found: Unmanaged, style: Style = PLAIN) -> list[str]:
    """Write them by account, region and cluster; empty without any, and without anything to note."""
    lines: list[str] = []
    for stray in found.strays:
        heading = f"{stray.account} {stray.region} {stray.cluster}".strip()
        title = style.paint("bold", texts.safe(f"== services that no file declares: {heading}"))
        if title not in lines:
            lines += [title] if not lines else ["", title]
        lines += _stray(stray, style)
    noted = notes(found)
    lines += [""] if lines and noted else []
    lines += [f"{style.paint('warn', 'Note:')} {texts.safe(note)}" for note in noted]
    return lines


def notes(found: Unmanaged) -> tuple[str, ...]:
    """Say which records are left behind, and what the list may lack, or have too much of: a sentence each."""
    return (*map(_forgotten, found.forgotten), *found.notes)


def _forgotten(each: Forgotten) -> str:
    return (
        f"{each.unit} ({each.account}, {each.region}) was applied {_time(each.applied)}, and neither is there nor "
        f"declared by a file: {each.record} can be removed"
    )


def doomed(found: Sequence[Stray], others: int, style: Style = PLAIN) -> str:
    """Write which services of owners are to be deleted, and how many others are left alone."""
    lines: list[str] = []
    for owner in dict.fromkeys(stray.owner for stray in found):
        lines.append(style.paint("bold", texts.safe(f"== services of {owner} that no file declares")))
        for stray in (stray for stray in found if stray.owner == owner):
            name = texts.safe(f"{stray.cluster}/{stray.service} ({stray.account}, {stray.region})")
            along = ", and all that ECS made for it" if stray.express else ""
            lines.append(f"  {style.paint('bad', 'delete')} {name}, {said(stray)}{along}")
            lines += [
                style.paint("dim", f"    {texts.safe(line)}") for line in details(replace(stray, owner=""))
            ]
        lines.append("")
    if found:
        lines.append("Revisions of their task definitions, load balancers, logs and autoscaling stay.")
    count = len(found)
    told = f"{count} service{'' if count == 1 else 's'} to delete" if count else "Nothing to delete"
    more = f"; {others} other{'' if others == 1 else 's'} that no file declares, left alone" if others else ""
    return "\n".join([*lines, style.paint("bold", f"{told}{more}.")]) + "\n"


def summary(found: Unmanaged) -> str:
    """Say how many there are, to be added to the closing line of what they were found with.

    Without any it says that there are none, where that is known.
    """
    count = len(found.strays)
    if count or found.notes:
        return f" {count} service{'' if count == 1 else 's'} that no file declares." if count else ""
    return " Files declare every service of the clusters."


def _stray(stray: Stray, style: Style) -> Iterator[str]:
    sure = "" if stray.certain else ", or declared by a file that has no value"
    yield f"  {style.paint('dim', Cause.UNMANAGED.value)}: {texts.safe(stray.service)}, {said(stray)}{sure}"
    for line in details(stray):
        yield style.paint("dim", f"    {texts.safe(line)}")


def said(stray: Stray) -> str:
    """Say what runs of it."""
    return {0: "no task", 1: "one task"}.get(stray.tasks, f"{stray.tasks} tasks")


def details(stray: Stray) -> Iterator[str]:
    """Say whose it seems to be, and since when, a line each."""
    if stray.owner:
        yield f"owner {stray.owner}"
    if stray.manager:
        yield f"made by {stray.manager}"
    if stray.created is not None:
        yield f"created {_time(stray.created)}" + (f" by {stray.by}" if stray.by else "")
    if stray.revision:
        yield f"from revision {stray.revision}"
    if stray.applied is not None:
        yield f"last applied {_time(stray.applied)}, by a record"


def document(found: Unmanaged) -> dict[str, Json]:
    """Give the members that they are in the JSON form of drift (docs/schemas/drift.schema.json)."""
    return {
        "unmanaged": [_document(stray) for stray in found.strays],
        "forgotten": [
            {
                "record": each.record,
                "account": each.account,
                "region": each.region,
                "unit": each.unit,
                "applied": _time(each.applied),
                "certain": each.certain,
            }
            for each in found.forgotten
        ],
        "unmanaged_notes": [*found.notes],
    }


def _document(stray: Stray) -> dict[str, Json]:
    return {
        "cause": Cause.UNMANAGED.value,
        "severity": "info",
        "account": stray.account,
        "region": stray.region,
        "cluster": stray.cluster,
        "service": stray.service,
        "arn": stray.arn,
        "owner": stray.owner,
        "manager": stray.manager,
        "by": stray.by,
        "tasks": stray.tasks,
        "created": _time(stray.created) if stray.created is not None else None,
        "revision": stray.revision,
        "applied": _time(stray.applied) if stray.applied is not None else None,
        "certain": stray.certain,
    }


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
