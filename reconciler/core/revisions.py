"""Revisions of task definitions by their ARNs."""

from __future__ import annotations


def short(arn: str) -> str:
    """Give the last segment of an ARN: ``family:revision`` of a task definition's."""
    return arn.rsplit("/", 1)[-1]


def family_of(arn: str) -> str:
    """Give the family of a revision."""
    return short(arn).rpartition(":")[0]


def older(arn: str, than: str) -> bool:
    """Tell whether a revision is older than another one; of another family every one is."""
    if family_of(arn) != family_of(than):
        return True
    return int(arn.rpartition(":")[2]) < int(than.rpartition(":")[2])
