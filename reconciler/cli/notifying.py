"""Whom `drift` tells of what is new: `--notify`, whose addresses are secrets of the environment."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from reconciler.cli import logs
from reconciler.errors import ConfigError, ReconcilerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli import forms
    from reconciler.plugin import AwsClient
    from reconciler.render.reports import Report

VARIABLES: Final = {"webhook": "RECONCILER_WEBHOOK_URL", "slack": "RECONCILER_SLACK_URL"}
"""The variables that hold addresses, by who is told."""


def insist(kinds: Sequence[str], place: str) -> None:
    """Refuse what cannot be told or remembered. click.UsageError, which never shows an address."""
    for kind in kinds:
        url = os.environ.get(VARIABLES[kind], "")
        if not url:
            raise click.UsageError(f"--notify {kind} takes its URL from {VARIABLES[kind]}, which is not set")
        if not url.startswith(("https://", "http://")) or not url.isprintable() or " " in url:
            raise click.UsageError(f"{VARIABLES[kind]} is no URL: it begins with https://")
    if place and not kinds:
        raise click.UsageError("--notify-state goes with --notify")
    if kinds and not place and os.environ.get("RECONCILER_NO_CACHE"):
        raise click.UsageError(
            "with RECONCILER_NO_CACHE --notify remembers nothing: name a place, --notify-state DIR"
        )


def tell(
    kinds: Sequence[str],
    place: str,
    report: Report,
    sheet: forms.Sheet,
    wanted: Sequence[str],
    *,
    everything: bool = True,
) -> None:
    """Tell everybody what is news to them. Who cannot be told is a warning, and is told by the next run."""
    from reconciler.api import alerts, stores
    from reconciler.render.reports import messages

    # Who is told reads of many repositories, and `.` is in each.
    origin = os.environ.get("GITHUB_REPOSITORY") or Path.cwd().name
    report = replace(report, name=f"{origin}: {report.name}")
    for kind in kinds:
        url, write = os.environ[VARIABLES[kind]], messages.WRITE[kind]
        try:
            store = stores.opened(place or _folder(), Path(), lambda: _s3(sheet))
            # What is remembered in a user's own folder may be of many checkouts of one repository.
            name = f"{origin if place else Path.cwd()} {sheet.name}"
            news = alerts.tell(
                messages.alerts(report, wanted),
                alerts.Memory(store, kind, url, name),
                url,
                lambda news, write=write: write(news, report),  # type: ignore[misc]
                unanswered=tuple(messages.unanswered(report)),
                everything=everything,
                surveyed=messages.surveyed(report),
            )
        except ReconcilerError as error:
            logs.warning(f"{kind} was not told of this: {error}")
        else:
            if news.any:
                logs.info(f"{kind} was told: {messages.summary(news)}")


def _folder() -> str:
    from reconciler import caches

    try:
        return str(caches.folder() / "notified")
    except RuntimeError:  # nobody's home is known
        raise ConfigError(
            "there is no folder to remember what was told", hint="name one: --notify-state DIR"
        ) from None


def _s3(sheet: forms.Sheet) -> AwsClient:
    from reconciler.aws.sessions import open_aws

    common = sheet.common
    aws = open_aws(profile=common.profile, region=common.region, assume_role_arn=common.assume_role_arn)
    return aws.client("s3")
