"""What every test of this suite shares: properties draw the same cases on every run, unless asked to look further.

`RECONCILER_FUZZ=1` draws anew each time; what it finds becomes a case of its own. With `-n auto` there are two workers
for each core, because half of what the tests of the command do is waiting.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from botocore.hooks import EventAliaser
from hypothesis import settings

settings.register_profile("same", derandomize=True, database=None, deadline=None, max_examples=40)
settings.register_profile("anew", deadline=None, print_blob=True)
settings.load_profile("anew" if "RECONCILER_FUZZ" in os.environ else "same")

_EVENTS: dict[str, str] = {}
_MADE = EventAliaser.__init__


def _remembering(self: Any, *arguments: Any, **named: Any) -> None:
    _MADE(self, *arguments, **named)
    self._alias_name_cache = _EVENTS


# botocore compares the name of each event with 250 aliases, and each of the thousands of clients that tests make does
# so anew for some hundred events. The aliases are the same for all.
EventAliaser.__init__ = _remembering

# Nor does any test look at the machine images that moto otherwise makes hundreds of, whenever it is seeded.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"

_LONG = ("test_every_edit_is_refused_or_done_at_once", "test_every_change_of_one_leaf_is_shown_as_that_leaf")
"""Single tests of many seconds: the last to begin would have all other workers wait for it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest."""
    items.sort(key=lambda item: getattr(item, "originalname", "") not in _LONG)


def pytest_xdist_auto_num_workers() -> int:
    """Say how many workers `-n auto` means."""
    return 2 * (os.cpu_count() or 1)
