"""Cutting listings into pages, and answering for a list of ARNs."""

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.sandbox import rules
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body


@rules.documented("model, List* operations: maxResults and nextToken; tokens are opaque")
@rules.guessed("a bad token is InvalidParameterException: Invalid token")
def cut(items: Sequence[Any], member: str, request: Body, default: int = 100, most: int = 100) -> Body:
    """Give one page of `items` under `member`, and the token of the next where there is one."""
    size = request.get("maxResults") or default
    token = request.get("nextToken") or "page-0"
    head, _, start = token.partition("-")
    if head != "page" or not start.isdigit():
        raise Refusal("InvalidParameterException", "Invalid token")
    end = int(start) + min(int(size), most)
    page: Body = {member: list(items[int(start) : end])}
    return page | ({"nextToken": f"page-{end}"} if end < len(items) else {})


@rules.documented("model: at most 20 ARNs; API failure reasons: MISSING")
def by_arn(arns: Sequence[str], found: Mapping[str, Body], member: str) -> Body:
    """Give what is asked for by ARN under `member`, and a failure for what there is not."""
    if len(arns) > 20:
        raise Refusal("InvalidParameterException", f"{member} cannot be more than 20.")
    failures = [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in found]
    return {member: [found[arn] for arn in arns if arn in found], "failures": failures}
