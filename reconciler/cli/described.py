"""What AWS describes, printed as JSON and masked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.cli import options

if TYPE_CHECKING:
    from reconciler.api import Reconciler
    from reconciler.core.values import Json, JsonObject


def definition(reconciler: Reconciler, body: JsonObject) -> None:
    """Print a task definition as DescribeTaskDefinition gives it, with its tags among its members."""
    inner, tags = body.get("taskDefinition"), body.get("tags")
    shown: dict[str, Json] = {
        **(inner if isinstance(inner, dict) else {}),
        **({"tags": tags} if tags else {}),
    }
    masked = reconciler.masker.described(shown)
    options.write(json.dumps(masked, indent=2, default=str, ensure_ascii=False))


def task(reconciler: Reconciler, body: JsonObject) -> JsonObject:
    """Give a task as DescribeTasks does, masked: overrides hold variables as definitions do."""
    masked = reconciler.masker.described(body)
    assert isinstance(masked, dict)
    return masked
