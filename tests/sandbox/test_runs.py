"""The commands: serving until a signal comes, and running a command with nothing but the sandbox in reach."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.sandbox import runs

MAIN = "from reconciler.cli.sandbox import command; command(prog_name='reconciler sandbox')"
START = [sys.executable, "-c", MAIN]


def ran(*words: str, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    command = [*START, *words]
    return subprocess.run(
        command,
        env={**os.environ, **(environ or {})},
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )


@contextmanager
def started(*words: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command line while the block runs."""
    with subprocess.Popen(
        [*START, *words],
        text=True,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serving_until_a_signal(number: signal.Signals) -> None:
    with started("--port", "0") as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["endpoint_url"]
        with urllib.request.urlopen(f"{url}/_sim/calls") as answer:
            assert json.load(answer) == {"calls": []}
        process.send_signal(number)
        _, errors = process.communicate(timeout=10)
        assert (process.returncode, errors) == (0, "")


def test_an_address_in_use_and_a_bad_seed_are_one_line(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text('{"cluster": 1}')
    for words in (["--seed", str(seed)], ["run", "--seed", str(seed), "--", "true"]):
        result = ran(*words)
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr.startswith(f"Error: {seed}: has no member 'cluster'")
    assert "cannot listen" in ran("--host", "192.0.2.1").stderr


@pytest.mark.parametrize(
    ("script", "status"),
    [("raise SystemExit(0)", 0), ("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 9)", 137)],
)
def test_the_status_is_the_command_s(script: str, status: int) -> None:
    assert ran("run", "--", sys.executable, "-c", script).returncode == status


def test_a_command_that_is_not_there() -> None:
    result = ran("run", "--", "no-such-command-here")
    assert result.returncode == 127
    assert result.stderr == "Error: no-such-command-here: command not found\n"


def test_options_after_the_dashes_are_the_command_s() -> None:
    result = ran(
        "run",
        "--speed",
        "5",
        "--",
        sys.executable,
        "-c",
        "import sys; print(sys.argv)",
        "--seed",
        "-x",
        "--",
        "--help",
    )
    assert result.stdout == "['-c', '--seed', '-x', '--', '--help']\n"


def test_an_option_of_the_server_is_not_silently_lost() -> None:
    result = ran("--seed", "x.json", "run", "--", "true")
    assert result.returncode == 2
    assert "--seed stands before run; put it after, or leave it out" in result.stderr


def test_a_rollout_takes_a_second_or_two(tmp_path: Path) -> None:
    script = tmp_path / "deploy.py"
    script.write_text(
        "import boto3, sys\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from tests.sandbox.bodies import service, task_definition\n"
        "ecs = boto3.client('ecs')\n"
        "ecs.create_cluster(clusterName='main')\n"
        "ecs.register_task_definition(**task_definition())\n"
        "ecs.create_service(**service())\n"
        "wait = {'Delay': 0.1, 'MaxAttempts': 50}\n"
        "ecs.get_waiter('services_stable').wait(cluster='main', services=['web'], WaiterConfig=wait)\n"
        "print(ecs.meta.region_name)\n"
    )
    root = str(Path(__file__).parents[2])
    result = ran(
        "run",
        "--",
        sys.executable,
        str(script),
        root,
        environ={"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-3"},
    )
    assert (result.stdout, result.stderr, result.returncode) == ("eu-west-3\n", "", 0)


def test_signals_reach_the_command_and_it_decides() -> None:
    script = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGINT, lambda *_: sys.exit(3))\n"
        "print('ready', flush=True)\n"
        "time.sleep(30)\n"
    )
    with started("run", "--", sys.executable, "-c", script) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
        assert (process.returncode, errors) == (3, "")


CALLER = {
    "PATH": "/bin",
    "AWS_PROFILE": "prod",
    "AWS_SESSION_TOKEN": "t",
    "AWS_ACCESS_KEY_ID": "AKIAREAL",
    "AWS_ENDPOINT_URL_ECS": "https://real",
    "AWS_ROLE_ARN": "r",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/t",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2",
    "AWS_CONFIG_FILE": "/home/x/.aws/config",
}


def test_nothing_of_the_caller_leads_to_a_real_account() -> None:
    given = runs.environment("http://127.0.0.1:1", CALLER)
    assert {name: value for name, value in given.items() if name.startswith("AWS_")} == {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "SANDBOXACCESSKEY",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    assert given["PATH"] == "/bin"


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        ({}, ("us-east-1", "us-east-1")),
        ({"AWS_REGION": "a"}, ("a", "a")),
        ({"AWS_DEFAULT_REGION": "b"}, ("b", "b")),
        ({"AWS_REGION": "a", "AWS_DEFAULT_REGION": "b"}, ("a", "b")),
    ],
)
def test_the_caller_s_region_is_kept(caller: dict[str, str], expected: tuple[str, str]) -> None:
    given = runs.environment("http://127.0.0.1:1", caller)
    assert (given["AWS_REGION"], given["AWS_DEFAULT_REGION"]) == expected
