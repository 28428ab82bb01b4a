"""Two hundred services, a third of them ailing in ways of their own; AWS's throttle; and a run that is killed."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest

from benchmarks.fleet import lay_out
from reconciler.aws.rates import Rates
from reconciler.throttles import DOCUMENTED
from tests.cli.commands import ROOT, Box, Cli, client_of, command
from tests.cli.conftest import boxed

SERVICES, CLUSTERS, AT_ONCE = 200, 5, 16
WAYS: Final = json.loads((ROOT / "fixtures/cli/ailing.json").read_text())
AILING: Final[Mapping[int, Mapping[str, Any]]] = {
    number: WAYS[number // 3 % len(WAYS)] for number in range(0, SERVICES, 3)
}
CHANGED: Final = [number for number in range(SERVICES) if number not in AILING and number % 7 == 0]
ROLE = "arn:aws:iam::210987654321:role/deploy"
FAULTS: Final = [
    {
        "service": service,
        "operation": operation,
        "match": match,
        "code": "AccessDeniedException",
        "message": f"not authorized to perform: {service}:{operation}",
        "status": 400,
    }
    for service, operation, match in (
        ("ecs", "DescribeTaskDefinition", "denied-"),
        ("sts", "AssumeRole", "locked"),
    )
]


class Clock:
    """Time that passes only while somebody waits, and then at once: the same for who calls and for who throttles."""

    def __init__(self) -> None:
        self._now = 0.0
        self._read = threading.local()
        self._lock = threading.Lock()

    def now(self) -> float:
        self._read.at = self._now
        return self._now

    def sleep(self, seconds: float) -> None:
        """Pass from when this thread has looked last."""
        with self._lock:
            self._now = max(self._now, self._read.at + seconds)

    def pause(self, seconds: float) -> None:
        """Pass from now."""
        self.now()
        self.sleep(seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Let calls wait for AWS, and for the next try, without anybody waiting."""
    made = Clock()
    monkeypatch.setattr("reconciler.aws.rates.Rates", functools.partial(Rates, made.now, made.sleep))
    monkeypatch.setattr("reconciler.sandbox.faults.time", SimpleNamespace(monotonic=made.now))
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=made.pause))
    return made


def spread(project: Path, services: int, clusters: int) -> dict[str, Any]:
    """Write projects in place of the example, some in another region, some in another account; give the seed."""
    for path in project.iterdir():
        path.unlink()
    seed = lay_out(project, services, clusters)
    for number in range(services):
        file = Path(label(number))
        text = file.read_text()
        if "cluster: cluster3" in text and number not in AILING:
            text += f"assume_role_arn: {ROLE}\n"
        elif "cluster: cluster4" in text:
            text = text.replace("ap-northeast-1", "eu-west-1")
        file.write_text(text)
    return seed


def label(number: int) -> str:
    return f"services/s{number:04}/reconciler.yml"


def throttled(box: Box) -> int:
    return sum(call.get("error") == "ThrottlingException" for call in box.serving.calls())


@pytest.fixture
def crowd(project: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Iterator[Box]:
    """Serve all of them at AWS's rates: every third is ailing, and of the others every seventh is to change."""
    seed = spread(project, SERVICES, CLUSTERS)
    for number, way in AILING.items():
        file = Path(f"services/s{number:04}") / way["file"]
        text = way.get("text") or file.read_text()
        assert text.count(way.get("old", "")) == 1 or "text" in way, (way, file)
        file.write_text(text.replace(way["old"], way["new"]) if "old" in way else text)
    for number in CHANGED:
        file = Path(f"services/s{number:04}/task.json")
        file.write_text(file.read_text().replace('"memory": "512"', '"memory": "1024"'))
    with boxed(seed | {"faults": FAULTS, "limits": "documented"}, monkeypatch) as served:
        yield served


def said(project: Mapping[str, Any]) -> str:
    """Give what is wrong with a project as people read it."""
    told = str(project.get("error", ""))
    for each in project.get("plan", {}).get("refusals", ()):
        place = each["where"]
        told += f"{place['path']}:{place['line']}:{place['column']}: {each['what']}\n  try: {each['hint']}\n"
    return told


def lasting(text: str) -> Any:
    """Read plans, without when they were made."""
    document = json.loads(text)
    for project in document["projects"]:
        for name in ("made_at", "digest"):
            project.get("plan", {}).pop(name, None)
    return document


def test_two_hundred_services_of_which_a_third_ails(cli: Cli, crowd: Box) -> None:
    assert len(AILING) >= SERVICES / 3
    assert {way["way"] for way in AILING.values()} == {way["way"] for way in WAYS}
    ran = cli("plan", ".", "--format", "json", "--parallelism", str(AT_ONCE))
    assert (ran.code, ran.err) == (1, "")
    assert throttled(crowd) == 0
    planned = lasting(ran.out)
    projects = planned["projects"]
    assert [each["path"] for each in projects] == [label(number) for number in range(SERVICES)]
    assert planned["summary"] == {
        "changed": [label(number) for number in CHANGED],
        "deferred": [],
        "unchanged": [label(each) for each in range(SERVICES) if each not in AILING and each not in CHANGED],
        "failed": [label(number) for number in AILING],
    }
    for number, way in AILING.items():
        for words in way["says"]:
            assert words in said(projects[number]), (way["way"], said(projects[number]))
    assert {
        (change["address"], change["before"], change["after"])
        for number in CHANGED
        for change in projects[number]["plan"]["units"][0]["changes"]
    } == {("memory", "512", "1024")}

    crowd.serving.limits("documented")
    part = cli("plan", ".", "--format", "json", "--parallelism", "1", "--shard", "2/4")
    assert lasting(part.out)["projects"] == projects[1::4], "the same again, one at a time"

    crowd.serving.limits("documented")
    ran = cli("drift", ".", "--format", "json", "--parallelism", str(AT_ONCE))
    assert (ran.code, ran.err) == (1, "")
    found = json.loads(ran.out)["projects"]
    assert [each["path"] for each in found] == [label(number) for number in range(SERVICES)]
    for number, each in enumerate(found):
        way = AILING.get(number, {})
        if way and "drift" not in way:
            assert each["error"] == projects[number]["error"], way["way"]
        else:
            told = {drift["address"]: drift.get("live") for drift in each["drifts"]}
            wanted = {"memory": "512"} if number in CHANGED else way.get("drift", {})
            assert told == wanted, (number, way)


@pytest.mark.parametrize(("part", "attempts"), [(1.0, None), (0.1, "10")])
def test_an_apply_of_many_comes_through_whatever_is_throttled(
    cli: Cli, project: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, part: float, attempts: str | None
) -> None:
    count = 22  # more than AWS takes at once
    seed = spread(project, count, 1)
    limits = {
        operations: {"burst": max(1, limit["burst"] * part), "rate": limit["rate"] * part}
        for operations, limit in DOCUMENTED.items()
    }
    with boxed(seed | {"limits": limits}, monkeypatch) as served:
        ran = cli(
            *("apply", ".", "--auto-approve", "--no-wait", "--format", "json"),
            IMAGE_TAG="2.4.62",
            AWS_MAX_ATTEMPTS=attempts,
        )
        assert ran.code == 0, ran
        assert {each["state"] for each in json.loads(ran.out)["projects"]} == {"applied"}
        assert (throttled(served) == 0) is (part == 1.0)
        done = [call["operation"] for call in served.serving.calls() if not call.get("error")]
        assert (done.count("RegisterTaskDefinition"), done.count("UpdateService")) == (count, count)


def killed_after(steps: int, arguments: tuple[str, ...], served: Box) -> None:
    """Run the command until it has told of so many steps that are done, kill it, and see that AWS has what it sent."""
    threads = threading.active_count()
    with subprocess.Popen(
        command("--log-format", "json", *arguments),
        env=os.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stderr is not None
        for line in run.stderr:
            steps -= json.loads(line).get("kind") == "StepDone"
            if steps == 0:
                run.kill()
                break
    assert run.returncode == -signal.SIGKILL
    # Who connects now is answered after all those are heard of who connected before, each in a thread.
    last = client_of(served.serving.endpoint_url, "ecs")
    last.list_clusters()
    last.close()
    deadline = time.monotonic() + 20
    while threading.active_count() > threads:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_run_that_is_killed_and_repeated_applies_everything_once(
    cli: Cli, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, arguments = 5, ("apply", ".", "--auto-approve", "--parallelism", "2", "--format", "json")
    monkeypatch.setenv("IMAGE_TAG", "2.4.62")
    with boxed(spread(project, count, 1), monkeypatch) as served:

        def updated() -> list[str]:
            calls = served.serving.calls()
            return sorted(
                each["request"]["service"] for each in calls if each["operation"] == "UpdateService"
            )

        def states() -> list[str]:
            ran = cli(*arguments)
            assert ran.code == 0, ran
            return [each["state"] for each in json.loads(ran.out)["projects"]]

        names = [f"svc{number}" for number in range(count)]
        served.serving.knobs(speed=0)  # nothing rolls out, so no third project is begun
        killed_after(3, arguments, served)
        before = updated()
        assert 1 <= len(before) <= 2
        served.serving.knobs(speed=400)
        assert states() == ["no changes" if name in before else "applied" for name in names]
        assert updated() == names
        for number, name in enumerate(names):
            found = served.ecs.describe_services(cluster="cluster0", services=[name])["services"][0]
            assert found["taskDefinition"].endswith(f"fam{number}:2")
            image = served.definition(f"fam{number}")["containerDefinitions"][0]["image"]
            assert (image.rpartition(":")[2], served.definition(f"fam{number}")["revision"]) == ("2.4.62", 2)
        assert states() == ["no changes"] * count
        assert len(served.writes()) == 2 * count
