"""Tags: the steps that change them, since neither a revision nor a service takes them in an update."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.core import diffs
from reconciler.core.kinds.rules import ABSENT
from reconciler.core.steps import RemoveTags, SetTags, Step
from reconciler.core.values import JsonObject


def tag_steps(arn: str, changes: Sequence[diffs.Change]) -> tuple[Step, ...]:
    """Give the steps for the tags among changes: removals first."""
    tagged: list[JsonObject] = []
    removed: list[str] = []
    for change in changes:
        if change.path[0] != "tags":
            continue
        entries = (
            {str(change.path[1]): (change.before, change.after)}
            if len(change.path) > 1
            else _all_tags(change)
        )
        for key, (_, after) in sorted(entries.items()):
            if after is ABSENT:
                removed.append(key)
            else:
                tagged.append({"key": key, "value": after if isinstance(after, str) else ""})
    steps: list[Step] = []
    if removed:
        steps.append(RemoveTags(arn=arn, keys=tuple(removed)))
    if tagged:
        steps.append(SetTags(arn=arn, tags=tuple(tagged)))
    return tuple(steps)


def _all_tags(change: diffs.Change) -> dict[str, tuple[object, object]]:
    """Give the entries of a change that adds or removes all tags at once."""
    if isinstance(change.after, dict):
        return {key: (ABSENT, value) for key, value in change.after.items()}
    return (
        {key: (value, ABSENT) for key, value in change.before.items()}
        if isinstance(change.before, dict)
        else {}
    )
