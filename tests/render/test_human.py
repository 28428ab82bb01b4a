"""A plan as people read it: what frames the changes, and that nothing in it drives the terminal."""

from __future__ import annotations

import re

from reconciler.core.diffs import Action
from reconciler.core.plans import Finding, Notice, Origins, Plan, Reason, Unit, Verb
from reconciler.core.values import Address, Json, Source
from reconciler.render import human, unified
from reconciler.render.styles import Style

EVIL = "\x1b[2J\x9b1m\u202e\x07"
SHOWN = "\\u001b[2J\\u009b1m\\u202e\\u0007"


def finding(address: str, before: Json, after: Json, *reasons: Reason) -> Finding:
    return Finding(
        address=address, pointer="", action=Action.REPLACE, before=before, after=after, reasons=reasons
    )


def plan(*changes: Finding, name: str = "c/web", **more: object) -> Plan:
    unit = Unit(
        address=f"service.{name}", kind="service", name=name, account="", region="", cluster="c",
        verb=Verb.UPDATE, changes=changes, desired={}, effects=("a new deployment",),
    )  # fmt: skip
    return Plan(project=Origins(file="f", digest=""), units=(unit,), **more)  # type: ignore[arg-type]


def test_reasons_stand_in_a_column_and_those_in_a_block_in_one_of_its_own() -> None:
    reason = Reason(pointer="", address=Address("env", "A"))
    deep = Reason(pointer="/x/y", address=Address("ssm", "/p"), source=Source("", version="3"))
    found = human.plan(
        plan(
            finding("short", 1, 2, reason),
            finding("object", {"x": {"y": "before"}, "z": 1}, {"x": {"y": "after"}}, deep),
            finding("rather_long", "1", "2", reason),
            finding("wide", "設定", "設", reason),
            finding("far_too_long_for_the_column", "x" * 70, "y", reason),
        )
    )
    assert found == (
        "# service.c/web: service c/web will be updated (a new deployment)\n"
        '~ service "c/web" {\n'
        "    ~ short = 1 -> 2            # env A\n"
        "    ~ object = {\n"
        '        ~ x.y = "before" -> "after"  # ssm /p, version 3\n'
        "        - z = 1\n"
        "      }\n"
        '    ~ rather_long = "1" -> "2"  # env A\n'
        '    ~ wide = "設定" -> "設"     # env A\n'
        f'    ~ far_too_long_for_the_column = "{"x" * 70}" -> "y"  # env A\n'
        "  }\n"
        "\n"
        "Plan: 0 to add, 1 to change, 0 to destroy.\n"
    )


def test_nothing_that_aws_or_a_file_says_drives_the_terminal() -> None:
    reason = Reason(pointer="", address=Address("env", EVIL))
    evil = plan(
        finding(f'environment["{EVIL}"]', EVIL, {EVIL: EVIL}, reason),
        finding("lines", f"a\n{EVIL}", f"b\n{EVIL}\n{EVIL}"),
        finding("document", f'{{"{EVIL[3:6]}": 1}}', f'{{"{EVIL[3:6]}": 2}}'),
        name=EVIL,
        notices=(Notice(what=EVIL, hint=EVIL),),
    )
    assert human.plan(evil).replace("\n", "").isprintable()
    assert human.plan(evil).count(SHOWN) == 12
    colored = human.plan(evil, Style(color=True)).replace("\n", "")
    assert re.sub(r"\x1b\[\d+m", "", colored).isprintable()


def test_a_textual_diff_keeps_lines_whole_and_escapes_what_is_in_them() -> None:
    assert unified.diff("old", "new", {"a": "x\u2028\x9by"}, {"a": "x\u2028z"}).splitlines() == [
        "--- old", "+++ new", "@@ -1,3 +1,3 @@", " {",
        '-  "a": "x\\u2028\\u009by"', '+  "a": "x\\u2028z"', " }",
    ]  # fmt: skip
