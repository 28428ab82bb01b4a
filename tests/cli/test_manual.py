"""The manual in the terminal, completion in shells, and what the version is made of."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from reconciler import __version__
from reconciler.cli import completion, main, manuals
from reconciler.load import settings
from tests.cli.commands import ROOT, Cli, command


def test_the_manual_is_every_document(cli: Cli) -> None:
    names = ["readme", *sorted(path.stem for path in (ROOT / "docs").glob("*.md"))]
    listed = cli("docs", "--list")
    assert [line.split("\t")[0] for line in listed.out.splitlines()] == names
    assert "sandbox\tThe sandbox\n" in listed.out
    assert json.loads(cli("docs", "--list", "--json").out)[0] == {
        "name": "readme",
        "description": "reconciler",
    }


@pytest.mark.parametrize("flags", [("sandbox",), ("--article", "sandbox")], ids=" ".join)
def test_an_article_is_printed_as_it_is(cli: Cli, flags: tuple[str, ...]) -> None:
    assert cli("docs", *flags).out == (ROOT / "docs/sandbox.md").read_text()
    assert cli("docs").out == (ROOT / "README.md").read_text()


def test_headings_and_sections(cli: Cli) -> None:
    assert "  ## Exit codes (L" in cli("docs", "--index").out
    index = json.loads(cli("docs", "--index", "--json").out)
    assert (index["article"], index["mode"]) == ("readme", "index")
    assert index["sections"][0] == {"level": 1, "title": "reconciler", "line": 1}
    found = json.loads(cli("--log-format", "json", "docs", "--search", "EXIT CODES").out)
    assert (found["mode"], found["query"]) == ("search", "EXIT CODES")
    assert "Exit codes" in [section["title"] for section in found["sections"]]
    assert cli("docs", "--search", "| 130 |").out.startswith("## Exit codes\n")
    cli("docs", "--search", "no such thing").one_error("no section of readme holds no such thing")
    cli("docs", "sandbx").one_error("there is no article sandbx", "sandbox")


def test_what_looks_like_a_heading_in_code_is_none() -> None:
    document = (
        "# A\n```console\n# not this\n~~~\n# nor this\n```\ntext\n### B ###\n````\n```\n# x\n````\n##no\n"
    )
    found = manuals.sections(document)
    assert [(each.level, each.title, each.line) for each in found] == [(1, "A", 1), (3, "B", 8)]
    assert "".join(each.content for each in found) == document


def test_the_wheel_takes_the_documents_along() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"] == {"README.md": "reconciler/manual/README.md", "docs": "reconciler/manual"}


def test_on_a_terminal_a_pager_shows_it(project: Path) -> None:
    ours, theirs = pty.openpty()
    environ = {**os.environ, "PAGER": "sed s/^/paged:/"}
    with subprocess.Popen(command("docs", "--index"), env=environ, stdin=theirs, stdout=theirs) as running:
        os.close(theirs)
        seen = b""
        try:
            while read := os.read(ours, 65536):
                seen += read
        except OSError:  # on Linux the end of a terminal is an error
            pass
        assert running.wait(60) == 0
    os.close(ours)
    assert seen.startswith(b"paged:# reconciler (L1)\r\npaged:")


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("re", {"render", "references", "refresh", "register", "revisions"}),
        ("deploy --auto-sc", {"--auto-scaling-min", "--auto-scaling-max"}),
        ("render task", {"task-definition", "taskdef"}),
        ("revisions --output t", {"table", "tsv"}),
        ("wait --wait-until ecs:BAKE", {"ecs:BAKE_TIME"}),
        ("docs co", {"codedeploy"}),
        ("completion f", {"fish"}),
        ("--config ecs", {"file:ecs"}),
        ("plan --envfile ", {"file:"}),
    ],
)
def test_what_is_completed(line: str, offered: set[str]) -> None:
    *words, incomplete = line.split(" ")
    completing = ShellComplete(main.group, {}, "reconciler", completion.VARIABLE)
    found = completing.get_completions(words, incomplete)
    assert {each.value if each.type == "plain" else f"{each.type}:{each.value}" for each in found} == offered


@pytest.mark.parametrize(
    ("shell", "words"),
    [
        ("bash", ("complete -o nosort -F _reconciler_completion reconciler", "bash_complete")),
        ("zsh", ("#compdef reconciler", "zsh_complete")),
        ("fish", ("complete --no-files --command reconciler", "fish_complete")),
    ],
)
def test_a_script_for_each_shell(cli: Cli, shell: str, words: tuple[str, ...]) -> None:
    ran = cli("completion", shell)
    assert (ran.code, ran.err) == (0, "")
    for word in ("_RECONCILER_COMPLETE=", *words):
        assert word in ran.out


def test_bash_completes(cli: Cli, project: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash here")
    program = project / "reconciler"
    program.write_text(f"#!{sys.executable}\nfrom reconciler.__main__ import main\nmain()\n")
    program.chmod(0o755)
    Path("script").write_text(cli("completion", "bash").out)
    asked = "source ./script; COMP_WORDS=(reconciler de); COMP_CWORD=1; _reconciler_completion $0; echo ${COMPREPLY[@]}"
    done = subprocess.run(
        [bash, "--norc", "-c", asked, str(program)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("deploy deregister delete\n", "")


def test_the_version_and_what_it_is_made_of(cli: Cli) -> None:
    assert cli("version").out == f"reconciler {__version__}\n"
    assert json.loads(cli("version", "--output", "json").out) == {
        "name": "reconciler",
        "version": __version__,
    }
    rows = dict(line.split("\t") for line in cli("version", "--details", "--output", "tsv").out.splitlines())
    assert rows["ecspresso (emulated)"] == settings.EMULATES
    assert {"python", "platform", "boto3"} <= rows.keys()
