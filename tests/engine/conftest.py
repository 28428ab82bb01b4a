"""A world to plan and apply in: empty, or with the project deployed."""

from pathlib import Path

import pytest

from tests.engine.worlds import Recorded, World


@pytest.fixture
def empty(tmp_path: Path) -> World:
    """Give a project that is not in ECS yet."""
    return World(tmp_path)


@pytest.fixture
def world(empty: World) -> World:
    """Give a project that runs as its files say."""
    empty.deployed()
    return empty


@pytest.fixture
def recorded(tmp_path: Path) -> Recorded:
    """Give a project that runs as its files say, and is recorded."""
    world = Recorded(tmp_path)
    world.keep()
    return world
