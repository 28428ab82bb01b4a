"""Every example that a --help shows runs as it stands."""

from __future__ import annotations

import itertools
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from reconciler.cli import joining, main
from reconciler.sandbox import seeds
from tests.cli.commands import CLUSTER, REGION, SEED, SERVICE, Box, Cli, Ran

FAKE = Path(__file__).with_name("fakeplugin.py")

_HELPS = [
    (),
    *((name,) for name in main.COMMANDS),
    ("sandbox", "run"),
    *(("exec", name) for name in ("run", "portforward", "cp")),
]

# Examples that find drift: the image's tag is another one.
_DRIFTS = re.compile(r"reconciler drift(?!.*(--accept|--fix|\|))")

# Examples that need a program which is not ours, and what stands in for it.
_STANDINS = {
    "jq": "import json, sys\nprint(json.dumps(json.load(sys.stdin)))\n",
    "fzf": "import sys\nprint(sys.stdin.readline(), end='')\n",
    joining.NAME: f"import runpy\nrunpy.run_path({str(FAKE)!r}, run_name='__main__')\n",
    "difft": "import sys\nassert len(sys.argv) > 2\nprint('difft')\n",
}


def _help(name: tuple[str, ...]) -> str:
    done = CliRunner().invoke(main.group, [*name, "--help"], prog_name="reconciler")
    assert done.exit_code == 0
    return done.output


def _shown(name: tuple[str, ...]) -> list[str]:
    """Give the lines of a help that run the command, without the remark behind them."""
    lines = (
        re.match(r"  +((?:echo '.*' \| )?reconciler .*?)(?:  +.*)?$", line)
        for line in _help(name).splitlines()
    )
    return [found[1] for found in lines if found]


def _examples() -> Iterator[str]:
    """Give the examples of every help, each once."""
    yield from dict.fromkeys(example for name in _HELPS for example in _shown(name))


@pytest.fixture
def shell(box: Box, project: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Have the command, and stand-ins for other programs, on the PATH."""
    folder = project.parent / "bin"
    folder.mkdir()
    programs = {
        "reconciler": "import sys\nfrom reconciler.__main__ import main\nsys.exit(main())\n",
        **_STANDINS,
    }
    for name, text in programs.items():
        (folder / name).write_text(f"#!{sys.executable}\n{text}")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("FAKE_PLUGIN_NOTES", os.devnull)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # registries of images are asked for nothing here
    described = {"taskDefinition": box.definition()}
    text = (
        Path("ecspresso.yml")
        .read_text()
        .replace("\nservice:", "\nservices: {web: {service: your-service}} #")
    )
    Path("services.yml").write_text(text)
    Path("seed.yml").write_text(SEED.read_text())  # JSON is YAML
    Path("described.json").write_text(json.dumps(described, default=str))
    return {**os.environ, "PATH": f"{folder}:/usr/bin:/bin", "IMAGE_TAG": "2.4.62"}


@pytest.mark.parametrize("example", list(_examples()))
def test_an_example_of_the_help_runs(
    box: Box, cli: Cli, shell: dict[str, str], example: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if example.startswith("reconciler init"):  # no project says the region yet
        monkeypatch.setenv("AWS_REGION", REGION)
    if "apply plan.json" in example and "--out" not in example:
        assert cli("plan", "--out", "plan.json", IMAGE_TAG="2.4.62").code == 0
    if "apply p.json" in example or "apply FILE" in example:
        assert cli("plan", "--out", "p.json", IMAGE_TAG="2.4.62").code == 0
    if example.startswith("reconciler rollback"):
        assert cli("apply", "--auto-approve", IMAGE_TAG="2.4.62").code == 0
    if "--fix" in example:
        with Path("ecspresso.yml").open("a") as file:
            file.write("record: .applied\n")
        assert cli("apply", "--auto-approve").code == 0
    if example.startswith("reconciler prune"):
        Path(".git").mkdir()
        with Path("ecspresso.yml").open("a") as file:
            file.write("stamp: {owner: shop}\n")
    if example.startswith("reconciler continue"):
        box.pause()
    if example.startswith("reconciler exec"):
        service = {"cluster": CLUSTER, "service": SERVICE, "enableExecuteCommand": True}
        box.ecs.update_service(**service, forceNewDeployment=True)
        box.settle()
    serving = example.startswith("reconciler sandbox") and " run " not in example
    if serving:
        pytest.skip("it serves until it is interrupted; tests/sandbox runs it")
    ran = _run(example, cli, shell)
    asks = example.endswith("reconciler apply")
    lacks = example.startswith("reconciler verify")  # the seed has no roles
    differs = "--detailed-exitcode" in example or _DRIFTS.match(example)
    expected = {2} if differs else {1} if asks or lacks else {0}
    assert ran.code in expected, ran
    assert "Traceback" not in ran.err
    if asks:
        assert "there is no terminal to ask on" in ran.err


def _run(example: str, cli: Cli, shell: dict[str, str]) -> Ran:
    """Run an example as a shell does, but the command in this process: starting one takes longer than most do."""
    if not example.startswith("reconciler ") or " sandbox " in example:
        return _started(["/bin/sh", "-c", example], shell)
    ran = Ran(0, "", "")
    joint = ""
    for words, after in _parts(example):
        if joint == ">":
            Path(words[0]).write_text(ran.out)
            ran = Ran(ran.code, "", ran.err)
        elif joint == "|":
            ran = _started(words, shell, ran.out)
        elif joint == "||" and not ran.code:
            break
        elif words[0] == "reconciler":
            ran = cli(*words[1:], IMAGE_TAG=shell["IMAGE_TAG"], PATH=shell["PATH"])
        else:
            ran = _started(words, shell)
        if after == "&&" and ran.code:
            break
        joint = after
    return ran


def _parts(example: str) -> Iterator[tuple[list[str], str]]:
    """Split a line as a shell does: the words of each command, or of a file's name, and what stands behind them."""
    lexer = shlex.shlex(example, posix=True, punctuation_chars="|&<>")
    lexer.whitespace_split = True
    words: list[str] = []
    for word in lexer:
        if word in ("|", "||", "&&", ">"):
            yield words, word
            words = []
        else:
            words.append(word)
    yield words, ""


def _started(words: Sequence[str], environ: dict[str, str], stdin: str = "") -> Ran:
    done = subprocess.run(
        words,
        env=environ,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def test_the_seed_in_the_help_loads() -> None:
    lines = _help(("sandbox",)).splitlines()
    start = next(number for number, line in enumerate(lines) if line.strip().startswith("A seed says")) + 1
    text = "\n".join(itertools.takewhile(str.strip, lines[start:]))
    assert set(yaml.safe_load(text)) == {"clusters", "parameters", "knobs"}
    assert seeds.read(yaml.safe_load(text)).parameters["/app/url"].value == "https://example.com"


@pytest.mark.parametrize("command", main.COMMANDS)
def test_every_command_has_an_example(command: str) -> None:
    assert any(f"reconciler {command}" in example for example in _shown((command,)))


def test_every_command_is_listed_and_has_a_help() -> None:
    whole = _help(())
    for name, line in main.COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(line)}$", whole, re.MULTILINE), name
    assert "-h, --help" in _help(("plan",))
