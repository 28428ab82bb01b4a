"""The one UpdateService, by table: what it holds, what it causes, and what is refused before it is sent."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.aws.shapes import ECS
from reconciler.core import canon, diffs
from reconciler.engine import updates
from reconciler.errors import Refused, Where
from tests.core.documents import KINDS
from tests.core.test_tables import rows


def draft(row: dict[str, Any]) -> updates.Draft:
    desired = canon.canon(KINDS.service, row["desired"], desired=True)
    live = canon.canon(KINDS.service, row["live"], desired=False, facts=desired.facts)
    return updates.build(
        diffs.diff(desired, live).changes,
        desired,
        live,
        row["live"],
        ECS,
        controller=row.get("controller", "ECS"),
        moves=row.get("moves", False),
        force=row.get("force", False),
        place=lambda path: Where("service.json", 1, 1 + len(path)),
    )


@pytest.mark.parametrize("row", rows("updates"))
def test_an_update(row: dict[str, Any]) -> None:
    if "refused" in row:
        with pytest.raises(Refused, match=row["refused"]) as caught:
            draft(row)
        assert caught.value.where is not None
        assert caught.value.hint
        return
    found = draft(row)
    assert found.body == row["body"]
    assert list(found.effects) == row["effects"]
    taken = ECS.input("UpdateService").members
    assert set(found.body) <= set(taken)
