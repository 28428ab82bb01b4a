"""Different spellings of one value: units, names and ARNs."""

from __future__ import annotations

import json
import re
from decimal import Decimal

from reconciler.core.values import Json

_CPU = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*vcpus?\s*", re.IGNORECASE)
_MEMORY = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*gb\s*", re.IGNORECASE)


def cpu_units(value: Json) -> Json:
    """Turn ``"0.5 vCPU"`` into ``"512"``, as RegisterTaskDefinition stores it (API model, `cpu`)."""
    return _scaled(_CPU, value)


def mebibytes(value: Json) -> Json:
    """Turn ``"4GB"`` into ``"4096"``, as RegisterTaskDefinition stores it (API model, `memory`)."""
    return _scaled(_MEMORY, value)


def _scaled(pattern: re.Pattern[str], value: Json) -> Json:
    if isinstance(value, str) and (match := pattern.fullmatch(value)):
        scaled = Decimal(match[1]) * 1024
        return str(int(scaled)) if scaled == int(scaled) else value
    return value


def short_name(value: Json) -> Json:
    """Give the last segment of an ARN, and any other text unchanged (cluster ARN → name)."""
    if isinstance(value, str) and value.startswith("arn:"):
        return value.rsplit("/", 1)[-1]
    return value


def revision_name(value: Json) -> Json:
    """Turn a task definition's ARN into ``family:revision``."""
    if isinstance(value, str) and value.startswith("arn:") and ":task-definition/" in value:
        return value.rsplit(":task-definition/", 1)[-1]
    return value


def same_name(left: Json, right: Json) -> bool:
    """Compare two names of a role: two ARNs whole, a bare name with the last segment of an ARN."""
    if (
        isinstance(left, str)
        and isinstance(right, str)
        and left.startswith("arn:") != right.startswith("arn:")
    ):
        return short_name(left) == short_name(right)
    return left == right


def parsed_json(value: Json) -> Json:
    """Turn an object or list that is written as JSON text into itself; any other value stays (hookDetails)."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        parsed: Json = json.loads(value)
    except ValueError:
        return value
    return parsed
