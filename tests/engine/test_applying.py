"""Carrying a plan out: what is said when a step fails, and every way in which a rollout can end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from reconciler.core.events import Event, RolloutProgress, ServiceEvent, StepDone, StepStarted, Warned
from reconciler.core.outcomes import Ending
from reconciler.core.values import JsonObject
from reconciler.engine import watching
from reconciler.engine.ports import Absent, Snapshot
from reconciler.errors import (
    ApplyError,
    AwsError,
    AwsNotFound,
    AwsRefused,
    AwsUnreachable,
    Interrupted,
    NotConverged,
    ReconcilerError,
)
from reconciler.testing import FakeGateway
from tests.engine.worlds import REVISION, UNIT, World, service, task_definition

REFUSED = AwsRefused("ecs: no (ClientException)", operation="X", code="ClientException")


@pytest.fixture
def changed(world: World) -> World:
    """Give a deployed project whose file names another image since."""
    world.write("task.json", task_definition("repo/web:2"))
    return world


def test_events_tell_each_step_and_the_rollout(changed: World) -> None:
    outcome, events = changed.apply()
    assert outcome.ending is Ending.SUCCEEDED
    assert outcome.revision == changed.arn(2)
    assert outcome.seconds >= 30
    steps = [(type(e), e.unit) for e in events if isinstance(e, StepStarted | StepDone)]
    assert steps == [(StepStarted, REVISION), (StepDone, REVISION), (StepStarted, UNIT), (StepDone, UNIT)]
    states = [e.state for e in events if isinstance(e, RolloutProgress)]
    assert (states[0], states[-1]) == ("in progress", "stable")
    assert len(states) == len(set(states)), "each state is reported once"
    assert outcome.done == (
        f"{REVISION}: register a revision of web (web:2)",
        f"{UNIT}: update the service main/web (web)",
    )


def test_service_events_that_repeat_one_another_are_one(changed: World) -> None:
    messages = ["(service web) a", "(service web) a", "(service web) b", "(service web) a"]
    later = [
        {"id": str(number), "createdAt": changed.clock.now() + 1000 + number, "message": message}
        for number, message in enumerate(messages)
    ]
    target = watching.Watch(cluster="main", service="web", deployment="none", since=changed.clock.now() + 1)
    changed.gateway.edit("main", "web", events=later[::-1])
    told = [e for e in watching.watch(changed.gateway, changed.clock, target) if isinstance(e, ServiceEvent)]
    assert [(event.message, event.times) for event in told] == [
        ("(service web) a", 2),
        ("(service web) b", 1),
        ("(service web) a", 1),
    ]


def test_old_service_events_are_no_news(changed: World) -> None:
    _, events = changed.apply()
    messages = [event.message for event in events if isinstance(event, ServiceEvent)]
    assert len(messages) == 1, messages


@pytest.mark.parametrize(
    ("method", "done", "left"),
    [
        ("register_task_definition", 0, 2),
        ("update_service", 1, 1),
    ],
)
def test_a_failed_step_says_what_was_done_and_what_is_left(
    changed: World, method: str, done: int, left: int
) -> None:
    changed.gateway.fail(method, REFUSED)
    with pytest.raises(ApplyError) as caught:
        changed.apply()
    error = caught.value
    assert not isinstance(error, Interrupted)
    assert (len(error.done), len(error.left)) == (done, left)
    assert error.left[0].endswith(error.step)
    assert "correct what AWS refuses, and run the command again" in str(error)
    assert caught.value.__cause__ is REFUSED
    # … and running it again goes on from there and registers no revision twice.
    changed.gateway.calls.clear()
    changed.apply()
    assert changed.methods == ["register_task_definition", "update_service"][done:]


def test_a_write_without_an_answer_is_not_repeated(changed: World) -> None:
    lost = AwsUnreachable("ecs: no answer", operation="RegisterTaskDefinition", temporary=True)
    changed.gateway.fail("register_task_definition", lost, taken=True)
    with pytest.raises(ApplyError):
        changed.apply()
    changed.gateway.calls.clear()
    changed.apply()
    assert changed.methods == ["update_service"]


def interrupt_at(kind: type[Event]) -> Callable[[Event], None]:
    """Press Ctrl-C when the first event of a kind is shown."""

    def emit(event: Event) -> None:
        if isinstance(event, kind):
            raise KeyboardInterrupt

    return emit


def test_an_interrupt_while_waiting_leaves_the_rollout_to_aws(changed: World) -> None:
    with changed.opened() as reconciler, pytest.raises(Interrupted, match="the rollout goes on") as caught:
        reconciler.apply(reconciler.plan(), emit=interrupt_at(RolloutProgress))
    assert len(caught.value.done) == 2
    assert caught.value.left == ()
    assert "reconciler wait" in str(caught.value)
    with changed.opened() as reconciler:
        assert reconciler.wait(until="stable").ending is Ending.SUCCEEDED


@pytest.mark.parametrize(("kind", "done"), [(StepStarted, 0), (StepDone, 1)])
def test_an_interrupt_between_steps_says_what_was_done(changed: World, kind: type[Event], done: int) -> None:
    with changed.opened() as reconciler, pytest.raises(Interrupted) as caught:
        reconciler.apply(reconciler.plan(), emit=interrupt_at(kind))
    assert (len(caught.value.done), len(caught.value.left)) == (done, 2 - done)


def test_an_interrupt_in_the_middle_of_a_call_says_so(
    changed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_body: object, /) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(changed.gateway, "update_service", interrupted)
    with pytest.raises(Interrupted, match="interrupted while doing this: update the service") as caught:
        changed.apply()
    assert (len(caught.value.done), len(caught.value.left)) == (1, 1)


def test_what_aws_does_not_show_afterwards_is_not_converged(
    changed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed.write("service.json", service() | {"enableExecuteCommand": True})
    take = changed.gateway.update_service

    def half(body: JsonObject, /) -> Snapshot:
        return take({name: value for name, value in body.items() if name != "enableExecuteCommand"})

    monkeypatch.setattr(changed.gateway, "update_service", half)
    with pytest.raises(NotConverged) as caught:
        changed.apply()
    assert caught.value.residual == (f"{UNIT} enableExecuteCommand",)


class Lagging(FakeGateway):
    """Describes services as they were before the last update until some seconds later."""

    lag, until, before = 6.0, 0.0, Snapshot({})

    def update_service(self, body: JsonObject, /) -> Snapshot:
        before = super().describe_services("main", ["web"])["web"]
        assert isinstance(before, Snapshot)
        self.before, self.until = before, self.clock.now() + self.lag
        return super().update_service(body)

    def describe_services(self, cluster: str, names: Sequence[str], /) -> Mapping[str, Snapshot | Absent]:
        found = super().describe_services(cluster, names)
        return dict.fromkeys(names, self.before) if self.clock.now() < self.until else found


def test_what_is_shown_late_has_converged_all_the_same(empty: World) -> None:
    empty.gateway = Lagging(clusters=("main",), clock=empty.clock, rollout_seconds=30)
    empty.deployed()
    empty.write("service.json", service() | {"deploymentConfiguration": {"maximumPercent": 150}})
    assert empty.apply()[0].ending is Ending.SUCCEEDED
    assert not empty.plan().changes


def test_without_waiting_nothing_is_watched(changed: World) -> None:
    outcome, events = changed.apply(wait=False)
    assert outcome.ending is Ending.NOT_WAITED
    assert not [event for event in events if isinstance(event, RolloutProgress)]
    assert outcome.seconds == 0


def test_a_rollout_that_takes_too_long_times_out(changed: World) -> None:
    changed.gateway.rollout_seconds = 1000
    outcome, _ = changed.apply(timeout=60)
    assert outcome.ending is Ending.TIMED_OUT
    assert "60 seconds" in outcome.reason
    assert 60 <= outcome.seconds < 70


def test_no_timeout_is_no_limit(changed: World) -> None:
    changed.gateway.rollout_seconds = 5000
    assert changed.apply(timeout=0)[0].ending is Ending.SUCCEEDED


def breaker(world: World, *, rollback: bool) -> None:
    """Switch the circuit breaker on, and let no task of another image start."""
    configuration = {"deploymentCircuitBreaker": {"enable": True, "rollback": rollback}}
    world.write("service.json", service() | {"deploymentConfiguration": configuration})
    world.apply(until="stable")
    world.write("task.json", task_definition("repo/web:2"))
    world.gateway.fails = lambda body: "repo/web:2" in str(body)


@pytest.mark.parametrize(("rollback", "ending"), [(True, Ending.ROLLED_BACK), (False, Ending.FAILED)])
def test_a_rollout_that_fails_is_no_success(world: World, rollback: bool, ending: Ending) -> None:
    breaker(world, rollback=rollback)
    outcome, _ = world.apply()
    assert outcome.ending is ending
    assert "tasks failed to start" in outcome.reason


def test_a_rollout_that_another_took_the_place_of_is_superseded(changed: World) -> None:
    changed.gateway.rollout_seconds = 100
    late: list[float] = []

    def emit(event: Event) -> None:
        if isinstance(event, RolloutProgress) and not late:
            late.append(event.at)
            changed.gateway.update_service({"cluster": "main", "service": "web", "forceNewDeployment": True})

    with changed.opened() as reconciler:
        outcome = reconciler.apply(reconciler.plan(), emit=emit)
    assert outcome.ending is Ending.SUPERSEDED
    assert "was started meanwhile" in outcome.reason


def test_a_service_that_is_deleted_meanwhile_is_a_failure(changed: World) -> None:
    def emit(event: Event) -> None:
        if isinstance(event, RolloutProgress):
            changed.gateway.delete("main", "web")

    with changed.opened() as reconciler:
        outcome = reconciler.apply(reconciler.plan(), emit=emit)
    assert (outcome.ending, outcome.reason) == (Ending.FAILED, "the service is INACTIVE")


def test_a_description_that_fails_for_a_while_is_asked_for_again(changed: World) -> None:
    lost = AwsError("ecs: slow down", operation="DescribeServices", temporary=True)

    def emit(event: Event) -> None:
        if isinstance(event, StepDone) and event.unit == UNIT:
            changed.gateway.fail("describe_services", lost, times=3)
        seen.append(event)

    seen: list[Event] = []
    with changed.opened() as reconciler:
        assert reconciler.apply(reconciler.plan(), emit=emit).ending is Ending.SUCCEEDED
    assert len([event for event in seen if isinstance(event, Warned)]) == 3


def test_pauses_grow_and_have_an_end(changed: World) -> None:
    changed.gateway.rollout_seconds = 300
    changed.clock.slept.clear()
    changed.apply()
    assert changed.clock.slept == sorted(changed.clock.slept)
    assert changed.clock.slept[0] == 0.5
    assert max(changed.clock.slept) == 6.0


def test_there_is_nothing_to_wait_for_without_a_service(empty: World) -> None:
    with empty.opened() as reconciler:
        for use in (reconciler.wait, reconciler.status):
            with pytest.raises(ReconcilerError, match="the service main/web does not exist"):
                use()


def test_a_cluster_that_is_not_there_is_no_absent_service(empty: World) -> None:
    empty.write("reconciler.yml", (empty.root / "reconciler.yml").read_text().replace("main", "mian"))
    with pytest.raises(AwsNotFound):
        empty.plan()
