"""Choosing: what keys make of it, and what is drawn fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.render import picks, texts
from reconciler.render.live import Size
from reconciler.render.picks import Key, Pick
from reconciler.render.pieces import ASCII
from reconciler.render.styles import Style

THREE = Pick(("0a1b  web:1  RUNNING", "2c3d  web:2  RUNNING", "4e5f  job:1  STOPPED"))
_KEYS = st.lists(st.sampled_from(Key) | st.sampled_from("ab 字1"), max_size=25)


@pytest.mark.parametrize(
    ("keys", "fitting", "chosen"),
    [
        ([], (0, 1, 2), 0),
        ([Key.DOWN], (0, 1, 2), 1),
        ([Key.UP], (0, 1, 2), 0),
        ([Key.END, Key.DOWN], (0, 1, 2), 2),
        ([Key.PAGE_DOWN, Key.HOME], (0, 1, 2), 0),
        (list("RUN web"), (0, 1), 0),
        (list("running 2c"), (1,), 1),
        (["w", "e", "b", Key.DOWN], (0, 1), 1),
        (["w", Key.DOWN, "e"], (0, 1), 0),
        (["x"], (), None),
        (["x", Key.BACKSPACE], (0, 1, 2), 0),
        ([*"job zzz", Key.ERASE_WORD], (2,), 2),
        ([*"job zzz", Key.ERASE], (0, 1, 2), 0),
        ([Key.BACKSPACE, Key.ENTER, Key.DOWN], (0, 1, 2), 1),
    ],
)
def test_keys(keys: list[Key | str], fitting: tuple[int, ...], chosen: int | None) -> None:
    pick = THREE
    for key in keys:
        pick = pick.pressed(key)
    assert (pick.fitting, pick.chosen) == (fitting, chosen)


def test_what_is_drawn() -> None:
    pick = THREE.pressed("w").pressed(Key.DOWN)
    assert list(picks.lines(pick, "Which task?", Size(80, 24))) == [
        "  0a1b  web:1  RUNNING",
        "> 2c3d  web:2  RUNNING",
        "2/3 Which task? w",
    ]
    assert (
        picks.lines(pick, "Which task?", Size(80, 24), Style(color=True))[1]
        == "\x1b[1m> 2c3d  web:2  RUNNING\x1b[0m"
    )
    assert list(picks.lines(THREE.pressed("x"), "Which?", Size(9, 24), with_=ASCII)) == [
        "  not...",
        "0/3 W...",
    ]


def test_the_end_of_what_is_typed_is_seen() -> None:
    pick = Pick(("x",), query="abcdefghij")
    assert picks.lines(pick, "Which?", Size(18, 3))[-1] == "0/1 Which? efghij"


@given(st.lists(st.text(max_size=30), min_size=1, max_size=40), _KEYS, st.integers(1, 90), st.integers(1, 30))
def test_it_fits_in_any_terminal_and_shows_what_is_pointed_at(
    items: list[str], keys: list[Key | str], columns: int, rows: int
) -> None:
    pick = Pick(tuple(items))
    for key in keys:
        pick = pick.pressed(key)
    drawn = picks.lines(pick, "Which task?", Size(columns, rows))
    assert len(drawn) <= min(max(rows - 1, 1), picks.MOST + 1)
    assert all(texts.width(line) < max(columns, 2) for line in drawn)
    assert (pick.chosen is None) == (not pick.fitting)
    if pick.chosen is not None and rows > 2 and columns > 2:
        assert sum(line.startswith(">") for line in drawn[:-1]) == 1
