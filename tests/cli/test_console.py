"""`console`: expressions in the project's scope, a line each."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.api import Project, Reconciler
from tests.cli.commands import Cli, command


@pytest.fixture
def typed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the console over lines."""

    def run(text: str, *flags: str) -> Any:
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        return cli("console", *flags)

    return run


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ('aws_subnet.private["c"].id', "subnet-0c33333333333333c"),
        ("length(keys(aws_subnet.private))", 2),
        ("sort(values(aws_subnet.private)[*].id)[0]", "subnet-0c33333333333333c"),
        ('upper("x${env("IMAGE_TAG", "d")}")', "X2.4.61"),
        ("{a_b = [1, 2.5, true, null]}", {"a_b": [1, 2.5, True, None]}),
        ("output.vpc_id", "vpc-0a1b2c3d4e5f60718"),
        ('try(aws_subnet.nothing.id, "none")', "none"),
    ],
)
def test_a_value(typed: Any, project: Path, line: str, value: object) -> None:
    ran = typed(f"{line}\n", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out) == value


def test_each_line_by_itself(typed: Any, project: Path) -> None:
    ran = typed("1 + 1\n\naws_subnet.privat\n2 +\nvar.x\n3\n", "--json")
    assert ran.code == 1
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [line if isinstance(line, int) else "error" for line in lines] == [2, "error", "error", "error", 3]
    assert "line 3:1:1" in lines[1]["error"]
    assert "did you mean aws_subnet.private" in lines[1]["error"]
    assert 'there is no variable "x"' in lines[3]["error"]


def test_errors_go_to_stderr_and_values_to_stdout(typed: Any, project: Path) -> None:
    ran = typed('"a"\n1 +\nexit\n2\n')
    assert (ran.code, ran.out) == (1, "a\n")
    assert "Error: line 2:1:4" in ran.err


@pytest.mark.parametrize(
    ("line", "text", "human"),
    [
        ("[2 / 3, {}]", f"[0.{'6' * 153}7, {{}}]", f"[\n  0.{'6' * 153}7,\n  {{}}\n]"),
        ("12345678901234567890.5", "12345678901234567890.5", "12345678901234567890.5"),
        ('{ "a\\n" = [0.1, []] }', '{"a\\n": [0.1, []]}', '{\n  "a\\n": [\n    0.1,\n    []\n  ]\n}'),
    ],
)
def test_numbers_have_all_their_digits(typed: Any, project: Path, line: str, text: str, human: str) -> None:
    assert typed(f"{line}\n", "--json").out == f"{text}\n"
    assert typed(f"{line}\n").out == f"{human}\n"


def test_secrets_are_marks(typed: Any, project: Path) -> None:
    state = json.loads((project / "terraform.tfstate").read_text())
    state["outputs"]["password"] = {"value": "hunter2", "type": "string", "sensitive": True}
    state["outputs"]["named"] = {"value": {"hunter2": 1}, "type": ["object", {}], "sensitive": True}
    (project / "terraform.tfstate").write_text(json.dumps(state))
    lines = 'output.named\noutput.password\n"x ${output.password}"\n{ a = 1, b = output.password }\n'
    lines += 'regex("z", output.password)\n{ (output.password) = 1 }\n'
    for flags in ((), ("--json",)):
        ran = typed(lines, *flags)
        assert "hunter2" not in ran.out + ran.err
    assert "hunter2" in typed(lines, "--show-sensitive").out


def test_values_of_sensitive_variables_are_marks(cli: Cli, typed: Any, project: Path) -> None:
    """Also where they became an address, or a name of a member, and where the definition has the variable."""
    (project / "reconciler.hcl").write_text(
        'cluster = "c"\ntask_definition = "t.hcl"\nvariable "key" {\n  default = "hush-key"\n  sensitive = true\n}\n'
    )
    (project / "t.hcl").write_text(
        'variable "own" {\n  default = "hush-own"\n  sensitive = true\n}\nfamily = must_env(var.own)\n'
    )
    lines = "must_env(var.key)\n{ (var.key) = 1 }\nvar.key\n"
    for ran in (typed(lines), typed(lines, "--json"), cli("references"), cli("render", "taskdef")):
        assert "hush-" not in ran.out + ran.err
        assert "(sensitive value)" in ran.out + ran.err
    assert "hush-key" in typed(lines, "--show-sensitive").out


def test_variables_of_an_hcl_project(typed: Any, project: Path) -> None:
    (project / "reconciler.hcl").write_text(
        'cluster = "c"\nvariable "size" {\n  type = number\n  default = 2\n}\nlocals {\n  double = var.size * 2\n}\n'
    )
    assert json.loads(typed("local.double\n", "--json").out) == 4


def test_completions(project: Path) -> None:
    with Reconciler.open(Project.load()) as reconciler:
        assert "aws_subnet.private_a" in reconciler.completions("aws_sub")
        assert set(reconciler.completions("upp")) == {"upper("}
        assert "tfstate(" in reconciler.completions("tf")
        assert reconciler.completions("path.") == ("path.cwd", "path.module", "path.root")


def test_completions_of_the_project_s_own_names(project: Path) -> None:
    (project / "reconciler.hcl").write_text(
        'cluster = "c"\nvariable "size" {\n  type = number\n}\nlocals {\n  double = var.size * 2\n}\n'
    )
    with Reconciler.open(Project.load("reconciler.hcl", variables=["size=1"])) as reconciler:
        assert reconciler.completions("var.") == ("var.size",)
        assert reconciler.completions("local.d") == ("local.double",)


def test_an_interrupt_takes_a_line_back(cli: Cli, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typed: Iterator[str | type[BaseException]] = iter([KeyboardInterrupt, "1 + 1", EOFError])

    def line(_prompt: str) -> str:
        given = next(typed)
        if isinstance(given, str):
            return given
        raise given

    monkeypatch.setattr("builtins.input", line)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    ran = cli("console")
    assert (ran.code, ran.out.strip()) == (0, "2")


def test_on_a_terminal(project: Path) -> None:
    main, other = pty.openpty()
    process = subprocess.Popen(
        command("console"), stdin=other, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ
    )
    os.close(other)
    os.write(main, b"1 + 41\nexit\n")
    out, err = process.communicate(timeout=60)
    os.close(main)
    assert process.returncode == 0, err
    assert b"42" in out
