"""`plan --simulate`: how the rollout would go, told by a model of ECS before anything is sent."""

from __future__ import annotations

from tests.cli.commands import Box, Cli, edit


def test_a_plan_is_played_through(cli: Cli, box: Box) -> None:
    writes = len(box.writes())
    told = cli("plan", "--simulate", IMAGE_TAG="2.4.62")
    assert told.code == 0, told
    plan, _, story = told.out.partition("Rehearsal, by a model of ECS")
    assert "Plan: 0 to add, 2 to change" in plan
    assert "has started 2 tasks." in story
    assert "Completed after" in story
    assert "at most 4 tasks at a time, never fewer than 2 healthy of 2" in story
    assert "If no new task came up: the circuit breaker trips" in story
    assert len(box.writes()) == writes


def test_a_rollout_without_room_is_seen_before_it_begins(cli: Cli, box: Box) -> None:
    edit("ecs-service-def.json", '"maximumPercent": 200', '"maximumPercent": 150')
    edit("ecs-service-def.json", '"desiredCount": 2', '"desiredCount": 1')
    told = cli("plan", "--simulate", IMAGE_TAG="2.4.62")
    assert "It would be stuck" in told.out, told


def test_a_creation_is_played_through(cli: Cli, empty: Box) -> None:
    told = cli("plan", "--simulate")
    assert "Completed after" in told.out, told
    assert "never fewer than 0 healthy of 2" in told.out


def test_nothing_to_do_is_no_story(cli: Cli, box: Box) -> None:
    assert "Rehearsal: nothing is deployed." in cli("plan", "--simulate").out


def test_the_story_is_for_people(cli: Cli, box: Box) -> None:
    refused = cli("plan", "--simulate", "--format", "json")
    assert refused.code == 1
    assert "--simulate" in refused.err
