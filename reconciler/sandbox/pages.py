"""Cutting listings into pages."""

from collections.abc import Sequence
from typing import Any

from reconciler.sandbox import rules
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body


@rules.documented("model, List* operations: maxResults and nextToken; tokens are opaque")
@rules.guessed("a bad token is InvalidParameterException: Invalid token")
def cut(items: Sequence[Any], member: str, request: Body, default: int = 100) -> Body:
    """Give one page of `items` under `member`, and the token of the next where there is one."""
    size = request.get("maxResults") or default
    token = request.get("nextToken") or "page-0"
    head, _, start = token.partition("-")
    if head != "page" or not start.isdigit():
        raise Refusal("InvalidParameterException", "Invalid token")
    end = int(start) + min(int(size), 100)
    page: Body = {member: list(items[int(start) : end])}
    return page | ({"nextToken": f"page-{end}"} if end < len(items) else {})
