# ruff: noqa: INP001
"""Writes a plan as one comment on a pull request: the one that its marker is found in is replaced, else a new one made.

Takes the file ``REPORT`` (``reconciler plan --format markdown``: its first line is the marker), the token
``INPUT_TOKEN``, the login that it writes as (``INPUT_COMMENT_AUTHOR``), and what the runner says of the event; drift is
written on the issue ``INPUT_ISSUE``. Only comments of that login are replaced: anybody could write the marker.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

MARKERS = ("<!-- reconciler plan ", "<!-- reconciler drift ")
"""What the first line of a comment begins with."""
PER_PAGE = 100
"""Comments a page, as many as there can be (GitHub's REST API, "List issue comments")."""


def main() -> int:
    """Write the comment, and give the exit code."""
    issue = os.environ.get("INPUT_ISSUE", "")
    if issue and not (issue.isascii() and issue.isdigit()):
        say("::error title=reconciler::The input issue is no number.")
        return 1
    event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    number = int(issue) if issue else pull_request(event)
    if number is None:
        say("no comment: this run is not about a pull request")
        return 0
    body = Path(os.environ["REPORT"]).read_text(encoding="utf-8")
    marker = body.partition("\n")[0]
    if not (marker.startswith(MARKERS) and marker.endswith(" -->")):
        say("::error title=reconciler::The report is no comment: it has no marker in its first line.")
        return 1
    issues = f"repos/{os.environ['GITHUB_REPOSITORY']}/issues"
    try:
        known = earlier(f"{issues}/{number}/comments", marker, os.environ["INPUT_COMMENT_AUTHOR"])
        if known is None:
            call("POST", f"{issues}/{number}/comments", {"body": body})
        else:
            call("PATCH", f"{issues}/comments/{known}", {"body": body})
    except HTTPError as error:
        hint = (
            f"; the token needs `{'issues' if issue else 'pull-requests'}: write`"
            if error.code in (401, 403, 404)
            else ""
        )
        say(f"::error title=reconciler::No comment was written: GitHub answers {error.code}{hint}")
        return 1
    except OSError as error:
        say(f"::error title=reconciler::No comment was written: {type(error).__name__}")
        return 1
    return 0


def pull_request(event: dict[str, Any]) -> int | None:
    """Give the number of the pull request that an event is about, None where it is about none."""
    issue = event.get("issue") or {}
    found = event.get("pull_request") or (issue if "pull_request" in issue else {})
    number = found.get("number")
    return int(number) if number is not None else None


def earlier(path: str, marker: str, author: str) -> int | None:
    """Find the comment of an earlier run, None where there is none."""
    page = 1
    while True:
        comments = call("GET", f"{path}?per_page={PER_PAGE}&page={page}")
        for comment in comments:
            login = (comment.get("user") or {}).get("login")
            if login == author and (comment.get("body") or "").splitlines()[:1] == [marker]:
                return int(comment["id"])
        if len(comments) < PER_PAGE:
            return None
        page += 1


def call(method: str, path: str, body: object = None) -> Any:
    """Call GitHub's API, and give its answer. HTTPError, OSError."""
    request = Request(  # noqa: S310 - the runner's own address
        f"{os.environ.get('GITHUB_API_URL', 'https://api.github.com')}/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {os.environ['INPUT_TOKEN']}",
            "Accept": "application/vnd.github+json",
            "Content-Type": "application/json",
            "X-GitHub-Api-Version": "2022-11-28",
        },
    )
    with urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)


def say(text: str) -> None:
    """Write a line to the log; a command of the runner's where it is one."""
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
