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


def reserved(tag: str) -> bool:
    """Tell whether only AWS sets a tag, by its key: no request may (developer guide, tag restrictions)."""
    return tag[:4].lower() == "aws:"


def same_name(left: Json, right: Json) -> bool:
    """Compare two names of a role: two ARNs whole, else what ARN and name say.

    A name that holds a slash has its path before it (``/foo/bar`` or ``foo/bar``: API model, CreateService.role). A
    bare one is compared with the last segment alone: no two roles of an account share a name, whatever their paths.
    """
    if not isinstance(left, str) or not isinstance(right, str):
        return left == right
    if left.startswith("arn:") == right.startswith("arn:"):
        return left.strip("/") == right.strip("/")
    arn, name = (left, right) if left.startswith("arn:") else (right, left)
    return name.strip("/") == arn.partition(":role/")[2] if "/" in name else name == short_name(arn)


def parsed_json(value: Json) -> Json:
    """Turn an object or list that is written as JSON text into itself; any other value stays (hookDetails)."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        parsed: Json = json.loads(value)
    except ValueError:
        return value
    return parsed
