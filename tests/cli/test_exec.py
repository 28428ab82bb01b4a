"""Commands in containers, ports and files, through the command against the sandbox and a plugin that plays along."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from reconciler.cli import joining
from tests.cli.commands import CLUSTER, REGION, SEED, SERVICE, Box, Cli
from tests.cli.conftest import boxed

FAKE = Path(__file__).with_name("fakeplugin.py")
FIRST = ("--filter-command", "head -1")
BINARY = bytes(range(256)) * 1200  # more than is under way at a time


@pytest.fixture
def shop(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    """Serve the running example with execute command, and a second container, whose agent has ended."""
    seed = json.loads(SEED.read_text())
    seed["services"][0] |= {"enableExecuteCommand": True}
    seed["task_definitions"][0]["containerDefinitions"].append({"name": "sidecar", "image": "sidecar:1"})
    seed["outcomes"] = [{"container": "sidecar", "agent": "STOPPED"}]
    with boxed(seed, monkeypatch) as served:
        served.settle()
        yield served


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have a plugin on the PATH; give where it notes what it was given."""
    install(tmp_path, f'exec {sys.executable} -IS "{FAKE}" "$@"')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("FAKE_PLUGIN_NOTES", str(tmp_path / "notes"))
    return tmp_path / "notes"


def install(folder: Path, script: str, shell: str = "/bin/sh") -> None:
    """Put a plugin into a folder's bin, which nothing else is in."""
    program = folder / "bin" / joining.NAME
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!{shell}\n{script}\n")
    program.chmod(0o755)


def noted(notes: Path) -> dict[str, Any]:
    """Give what the plugin was given last."""
    found: dict[str, Any] = json.loads(notes.read_text().splitlines()[-1])
    return found


def first(box: Box) -> dict[str, Any]:
    """Describe the first of the tasks, as they are listed."""
    arns = box.ecs.list_tasks(cluster=CLUSTER, family="test-httpd", desiredStatus="RUNNING")["taskArns"]
    found: list[dict[str, Any]] = box.ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]
    return min(found, key=lambda task: (-task["createdAt"].timestamp(), task["taskArn"]))


def target(task: dict[str, Any], container: str = "httpd-app") -> str:
    """Name a container as Systems Manager does."""
    runtime = next(each["runtimeId"] for each in task["containers"] if each["name"] == container)
    return f"ecs:{CLUSTER}_{task['taskArn'].rpartition('/')[2]}_{runtime}"


@contextmanager
def typed(content: bytes) -> Iterator[None]:
    """Have a text come on stdin, and then its end."""
    before = os.dup(0)
    ours, theirs = os.pipe()
    os.write(theirs, content)
    os.close(theirs)
    os.dup2(ours, 0)
    os.close(ours)
    try:
        yield
    finally:
        os.dup2(before, 0)
        os.close(before)


def test_the_plugin_is_started_as_the_aws_cli_does_it(cli: Cli, shop: Box, notes: Path) -> None:
    ran = cli(*FIRST, "exec", "--command", "ls -l", FAKE_PLUGIN_DOES="exits")
    assert ran.code == 7, ran
    (call,) = [call for call in shop.serving.calls() if call["operation"] == "ExecuteCommand"]
    task, given = first(shop), noted(notes)
    asked = call["request"]
    assert (asked["task"], asked["container"], asked["command"]) == (task["taskArn"], "httpd-app", "ls -l")
    assert asked["interactive"] is True
    answer, region, operation, profile, parameters, endpoint = given["arguments"]
    assert (answer, region, operation, profile) == (joining.VARIABLE, REGION, "StartSession", "")
    assert json.loads(parameters) == {"Target": target(task)}
    assert endpoint == shop.serving.endpoint_url
    assert sorted(given["answer"]) == ["SessionId", "StreamUrl", "TokenValue"]
    assert given["answer"]["TokenValue"] not in "".join(given["arguments"])
    assert shop.writes() == ["ExecuteCommand"]


def test_an_old_plugin_and_a_role(cli: Cli, shop: Box, notes: Path) -> None:
    role = "arn:aws:iam::123456789012:role/other"
    old = {"FAKE_PLUGIN_VERSION": "1.2.497.0", "FAKE_PLUGIN_DOES": "exits", "AWS_PROFILE": None}
    assert cli(*FIRST, "--assume-role-arn", role, "exec", "run", "--command", "ls", **old).code == 7
    given = noted(notes)
    assert json.loads(given["arguments"][0]) == given["answer"]
    assert joining.VARIABLE not in given["environ"]
    assert given["environ"]["AWS_SESSION_TOKEN"]
    assert given["environ"]["AWS_ACCESS_KEY_ID"] != "AKIAIOSFODNN7EXAMPLE"


@pytest.mark.parametrize(
    ("version", "hides"),
    [
        ("1.2.497.0", False),
        ("1.2.498.0\n", True),
        ("1.3.0.0", True),
        ("1.2", False),
        ("2", True),
        ("dev", False),
    ],
)
def test_since_when_a_plugin_hides_the_token(version: str, hides: bool) -> None:
    assert joining.hides(version) == hides


def test_what_comes_on_stdin_is_typed(cli: Cli, shop: Box, notes: Path) -> None:
    with typed(b"a\nb"):
        assert cli(*FIRST, "exec", "--command", "sh -c 'cat > came'").code == 0
    assert Path("came").read_bytes() == b"a\nb"


@pytest.mark.parametrize(
    ("script", "shell", "says"),
    [
        (None, "", "is not on the PATH"),
        ("", "/nowhere/sh", "cannot be run: No such file"),
        ('rm "$0"; echo 1.3.0.0', "/bin/sh", "cannot be started: No such file"),
    ],
)
def test_without_the_plugin(
    cli: Cli, shop: Box, tmp_path: Path, script: str | None, shell: str, says: str
) -> None:
    (tmp_path / "bin").mkdir()
    if script is not None:
        install(tmp_path, script, shell)
    path = str(tmp_path / "bin") + (":/usr/bin:/bin" if script else "")
    message = cli(*FIRST, "exec", PATH=path).one_error(says, joining.NAME, joining.PAGE)
    assert "try: install it" in message
    late = ["ExecuteCommand", "TerminateSession"]
    calls = [
        call["operation"] for call in shop.serving.calls() if call["operation"] in (*late, "DescribeTasks")
    ]
    assert calls == (["DescribeTasks", *late] if script else [])


@pytest.mark.parametrize(
    ("does", "code", "ended"), [("interrupts", 0, []), ("waits", 143, ["TerminateSession"])]
)
def test_signals_are_the_plugin_s(
    cli: Cli, shop: Box, notes: Path, does: str, code: int, ended: list[str]
) -> None:
    assert cli(*FIRST, "exec", FAKE_PLUGIN_DOES=does).code == code
    assert shop.writes() == ["ExecuteCommand", *ended]


def test_where_no_command_can_be_run(cli: Cli, shop: Box, notes: Path) -> None:
    # What a seed begins with runs well, whatever is scripted; it holds for what is started afterwards.
    shop.ecs.update_service(cluster=CLUSTER, service=SERVICE, forceNewDeployment=True)
    shop.settle()
    name = first(shop)["taskArn"].rpartition("/")[2]
    cli("exec", "--id", name).one_error(
        "there are 2 to choose from", "httpd-app", "name a container by --container"
    )
    cli("exec", "--id", name, "--container", "sidecar").one_error("agent that runs commands", "is STOPPED")
    cli("exec", "--container", "httpd", "--id", name, "run").one_error("did you mean httpd-app?")
    cli("exec", "run").one_error("there are 2 to choose from", "name a running task by --id")
    shop.serving.faults(
        [{"operation": "ExecuteCommand", "code": "TargetNotConnectedException", "message": "no"}]
    )
    cli("exec", "--id", name, "--container", "httpd-app").one_error("no", "try: the agent does not answer")
    shop.serving.faults([])
    shop.ecs.stop_task(cluster=CLUSTER, task=name)
    shop.settle()
    cli("exec", "--id", name).one_error(f"the task {name} is STOPPED")
    assert not notes.exists()


def test_a_service_without_execute_command(cli: Cli, box: Box, notes: Path) -> None:
    cli(*FIRST, "exec").one_error(
        "was started without execute command", "try: set `enableExecuteCommand: true`"
    )
    cli(*FIRST, "exec", "cp", "_:/etc/hosts", ".").one_error("without execute command")
    cli(*FIRST, "exec", "portforward", "--port", "80").one_error("without execute command")
    assert box.writes() == []


@pytest.mark.parametrize(
    ("arguments", "parameters"),
    [
        (("--port-forward", "--port", "80"), {"portNumber": ["80"], "localPortNumber": ["0"]}),
        (
            ("portforward", "-L", "5432:db.internal:5433"),
            {"portNumber": ["5433"], "localPortNumber": ["5432"], "host": ["db.internal"]},
        ),
        (
            ("--port-forward", "--port", "1", "--local-port", "2", "--host", "db"),
            {"portNumber": ["1"], "localPortNumber": ["2"], "host": ["db"]},
        ),
    ],
)
def test_ports_are_forwarded(
    cli: Cli, shop: Box, notes: Path, arguments: tuple[str, ...], parameters: dict[str, Any]
) -> None:
    assert cli(*FIRST, "exec", *arguments).code == 0
    (call,) = [call for call in shop.serving.calls() if call["operation"] == "StartSession"]
    document = "AWS-StartPortForwardingSession" + ("ToRemoteHost" if "host" in parameters else "")
    wanted = {"Target": target(first(shop)), "DocumentName": document, "Parameters": parameters}
    assert call["request"] == wanted
    assert json.loads(noted(notes)["arguments"][4]) == wanted


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--port-forward",), "which port is to be forwarded?"),
        (("portforward", "-L", "1:h:2", "--port", "2"), "-L says all"),
        (("portforward", "-L", "db"), "[LOCAL:]HOST:PORT"),
        (("portforward", "--port", "65536"), "65536"),
        (("cp", "a", "b"), "one of the two is in a container"),
        (("cp", "_:/a", "_:/b"), "one of the two is in a container"),
        (("cp", "-", "_:/a/"), "name the file that it becomes"),
        (("cp", "_:", "b"), "TASK:PATH"),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(
    cli: Cli, project: Path, arguments: tuple[str, ...], says: str
) -> None:
    ran = cli("exec", *arguments)
    assert ran.code == 1
    assert says in ran.err


def test_files_there_and_back(cli: Cli, shop: Box, notes: Path, tmp_path: Path) -> None:
    name = first(shop)["taskArn"].rpartition("/")[2]
    there, which = tmp_path / "it's there", ("--container", "httpd-app")
    there.mkdir()
    Path("big.bin").write_bytes(BINARY)
    ran = cli("exec", "cp", *which, "big.bin", f"{name[:20]}:{there}/", "--port", "8022")
    assert (ran.code, ran.out) == (0, ""), ran
    assert f"{len(BINARY)} bytes were copied" in ran.err
    assert (there / "big.bin").read_bytes() == BINARY
    Path("back").mkdir()
    assert cli(*FIRST, "exec", "cp", f"_:{there}/big.bin", "back").code == 0
    assert Path("back/big.bin").read_bytes() == BINARY
    assert [path.name for path in Path("back").iterdir()] == ["big.bin"]
    Path("small").write_text("abc\n")
    assert cli(*FIRST, "exec", "cp", "small", f"_:{there}/big.bin", "--no-progress").code == 0
    shown = cli(*FIRST, "exec", "cp", f"_:{there}/big.bin", "-")
    assert (shown.code, shown.out) == (0, "abc\n")
    assert shop.writes() == ["ExecuteCommand"] * 4


class Torn(io.BytesIO):
    """A file in the midst of which somebody presses Ctrl-C."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Give the first part."""
        if self.tell():
            raise KeyboardInterrupt
        return super().read(size)


def test_files_that_do_not_get_through(
    cli: Cli, shop: Box, notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("kept").write_text("before")
    cli(*FIRST, "exec", "cp", f"_:{tmp_path}/none", "kept").one_error(
        "the session ended before", f"{tmp_path}/none"
    )
    cli(*FIRST, "exec", "cp", f"_:{tmp_path}", "kept").one_error(f"{tmp_path} is a directory")
    cli(*FIRST, "exec", "cp", "kept", f"_:{tmp_path}/none/x").one_error(
        "the session ended before", "none/x", "needs `sh`"
    )
    assert cli(*FIRST, "exec", "cp", "_:/tmp/x", "kept", FAKE_PLUGIN_DOES="is left").code == 130
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: False, buffer=Torn(BINARY)))
    torn = cli(*FIRST, "exec", "cp", "-", f"_:{tmp_path}/half")
    assert (torn.code, "The file in the container is not whole." in torn.err) == (130, True)
    sent = shop.writes()
    assert sent[-4:-2] == sent[-2:]
    assert sent[-2:] == ["ExecuteCommand", "TerminateSession"]
    cli(*FIRST, "exec", "cp", "absent", "_:/tmp/x").one_error("absent cannot be read: No such file")
    assert shop.writes() == sent
    assert Path("kept").read_text() == "before"
    assert list(Path().glob(".*.part")) == []
