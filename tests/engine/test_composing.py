"""What is said of a file before anything is compared."""

from __future__ import annotations

import pytest

from reconciler.core.documents import Resolved
from reconciler.core.redaction import MASK
from reconciler.engine import composing
from reconciler.errors import ConfigError
from tests.core.documents import KINDS

MISTYPED = Resolved("service.json", {"launchType": "FARGTE"})


def test_a_word_that_the_api_model_does_not_know_is_a_warning() -> None:
    (notice,) = composing.compose(KINDS.service, MISTYPED).notices
    assert notice.what == "the API model knows no `launchType` `FARGTE`"
    assert notice.hint == "the nearest is `FARGATE`"


def test_a_strict_plan_refuses_it() -> None:
    with pytest.raises(ConfigError, match="knows no `launchType` `FARGTE`"):
        composing.compose(KINDS.service, MISTYPED, strict=True)


def test_a_word_in_another_case_is_an_error_and_is_not_corrected() -> None:
    with pytest.raises(ConfigError, match="`fargate` is no `launchType`: case matters") as caught:
        composing.compose(KINDS.service, Resolved("service.json", {"launchType": "fargate"}))
    assert caught.value.hint == "write FARGATE"


def test_a_secret_that_is_no_such_word_is_not_quoted() -> None:
    data = {"networkConfiguration": {"awsvpcConfiguration": {"assignPublicIp": "hunter-2"}}}
    path = ("networkConfiguration", "awsvpcConfiguration", "assignPublicIp")
    (notice,) = composing.compose(KINDS.service, Resolved("s", data, sensitive=frozenset({path}))).notices
    assert notice.what == f"the API model knows no `assignPublicIp` `{MASK}`"
