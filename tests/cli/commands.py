"""Running the command, in this process or in one of its own, and what came of it."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest

from reconciler.cli import main
from reconciler.sandbox.servings import Serving

ROOT = Path(__file__).parents[2]
ARTICLE = ROOT / "fixtures/examples/article"
SEED = ROOT / "fixtures/cli/running.json"
REGION = "ap-northeast-1"
CLUSTER = "your-cluster"
SERVICE = "your-service"
UNIT = f"service.{CLUSTER}/{SERVICE}"

_READS = ("Describe", "List", "Get", "BatchGet", "HEAD ", "Head", "Filter")


@dataclass(frozen=True, slots=True)
class Ran:
    """A run that ended: its exit code, what it wrote to stdout and to stderr."""

    code: int
    out: str
    err: str

    def one_error(self, *words: str) -> str:
        """Check that it failed with one message holding these words, and nothing else; give the message."""
        return self.one_error_after("", *words)

    def one_error_after(self, out: str, *words: str) -> str:
        """Check the same of a command that says first what it would do."""
        assert self.code == 1, self
        assert self.out == out, self
        assert self.err.startswith(("Error: ", "Usage: ")), self
        assert self.err.count("Error: ") == 1, self
        assert "Traceback" not in self.err, self
        for word in words:
            assert word in self.err, (word, self.err)
        return self.err


class Typed(io.StringIO):
    """A terminal on which somebody has typed."""

    def isatty(self) -> bool:
        """Tell that somebody may be asked."""
        return True


@dataclass(slots=True)
class Cli:
    """The command in this process: same working folder, environment as monkeypatched."""

    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch

    def __call__(self, *arguments: str | Path, **environ: str | None) -> Ran:
        """Run it with variables laid over the environment; None takes one away."""
        with self.patch.context() as patch:
            for name, value in environ.items():
                if value is None:
                    patch.delenv(name, raising=False)
                else:
                    patch.setenv(name, value)
            self.capture.readouterr()
            code = main.run([str(argument) for argument in arguments])
            streams = self.capture.readouterr()
        return Ran(code, streams.out, streams.err)


def command(*arguments: str) -> list[str]:
    """Give the words that start the command in a process of its own."""
    return [sys.executable, "-m", "reconciler", *arguments]


def process(*arguments: str, environ: Mapping[str, str | None] | None = None, stdin: str = "") -> Ran:
    """Run the command in a process of its own, without a terminal."""
    given = {**os.environ, **(environ or {})}
    done = subprocess.run(
        command(*arguments),
        env={name: value for name, value in given.items() if value is not None},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@cache
def _session() -> Any:
    return boto3.session.Session("x", "y", region_name=REGION)


def client_of(endpoint_url: str, service: str) -> Any:
    """Make boto3's client of a service; one session for all, because it reads the API models once."""
    return _session().client(service, endpoint_url=endpoint_url)


@dataclass(slots=True)
class Box:
    """The sandbox, with boto3's client of ECS and what the tests ask it."""

    serving: Serving
    ecs: Any

    def service(self) -> dict[str, Any]:
        """Describe the service as boto3 shows it."""
        found: dict[str, Any] = self.ecs.describe_services(
            cluster=CLUSTER, services=[SERVICE], include=["TAGS"]
        )["services"][0]
        return found

    def definition(self, name: str = "test-httpd") -> dict[str, Any]:
        """Describe a task definition as boto3 shows it."""
        found: dict[str, Any] = self.ecs.describe_task_definition(taskDefinition=name)["taskDefinition"]
        return found

    def revisions(self) -> int:
        """Count the registered revisions of the family."""
        return len(self.ecs.list_task_definitions(familyPrefix="test-httpd")["taskDefinitionArns"])

    def writes(self) -> list[str]:
        """Give the operations that changed something, or tried to."""
        return [
            call["operation"] for call in self.serving.calls() if not call["operation"].startswith(_READS)
        ]

    @contextmanager
    def once_called(self, operation: str, act: Callable[[], object]) -> Iterator[None]:
        """Watch the calls while the block runs, and act once when an operation was called."""
        over = threading.Event()

        def watch() -> None:
            while not over.is_set():
                if any(call["operation"] == operation for call in self.serving.calls()):
                    act()
                    return
                over.wait(0.005)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()

    def pause(self, *stages: str) -> str:
        """Start a blue/green rollout of what runs, and let it come to a PAUSE hook; give the id of the hook."""
        hooks = [{"targetType": "PAUSE", "lifecycleStages": [*(stages or ("POST_SCALE_UP",))]}]
        configuration = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1, "lifecycleHooks": hooks}
        self.ecs.update_service(
            cluster=CLUSTER,
            service=SERVICE,
            deploymentConfiguration=configuration,
            forceNewDeployment=True,
        )
        for _ in range(100):
            for hook in self.record().get("lifecycleHookDetails", ()):
                if hook["status"] == "AWAITING_ACTION":
                    return str(hook["hookId"])
            self.serving.advance(5)
        raise AssertionError(self.record())

    def records(self) -> list[dict[str, Any]]:
        """Give the service deployments in brief, the newest first."""
        found: list[dict[str, Any]] = self.ecs.list_service_deployments(cluster=CLUSTER, service=SERVICE)[
            "serviceDeployments"
        ]
        return found

    def record(self) -> dict[str, Any]:
        """Describe the newest service deployment."""
        arn = self.records()[0]["serviceDeploymentArn"]
        found: dict[str, Any] = self.ecs.describe_service_deployments(serviceDeploymentArns=[arn])[
            "serviceDeployments"
        ][0]
        return found

    def settle(self) -> None:
        """Let simulated time pass until nothing moves any more."""
        self.serving.advance(600)


def edit(path: str, old: str, new: str) -> None:
    """Change a file of the project in the working folder; the old text has to be there once."""
    file = Path(path)
    text = file.read_text()
    assert text.count(old) == 1, (path, old)
    file.write_text(text.replace(old, new))


def addresses(text: str) -> Sequence[str]:
    """Give the addresses that a plan for people marks as changed."""
    return re.findall(r"^    [~+-] ([^ ]+) = ", text, re.MULTILINE)
