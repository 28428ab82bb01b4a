"""Expressions have the values that Terraform gives them, and what is wrong is said once, where it is.

The values of `fixtures/hcl/evaluation.json` are what `terraform console` printed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import HclError, HclErrors, NotFound, ReconcilerError, Where
from reconciler.hcl import evaluation, scopes, syntax, values
from reconciler.hcl.functions import Context
from reconciler.hcl.runs import LIMITS, Exceeded, Limits, Run
from reconciler.hcl.sources import Source
from reconciler.hcl.values import Marked, Object, Set, Unknown, Value
from tests.hcl.scope import World, locals_of, read, secret

ROOT = Path(__file__).parents[2]
FIXTURES = json.loads((ROOT / "fixtures/hcl/evaluation.json").read_text())
LOCALS = "\n".join(FIXTURES["locals"])
CORPUS = ROOT.parent / "shared/corpus/hcl/expressions.json"


def plain(value: Value) -> Value:
    """Give a value as JSON has it: sets are lists, and nothing is marked."""
    value, _ = values.unmark(value)
    if isinstance(value, tuple | Set):
        return tuple(map(plain, value))
    if isinstance(value, Mapping):
        return Object({key: plain(member) for key, member in value.items()})
    return value


def parsed(text: str) -> Value:
    return values.from_plain(json.loads(text, parse_float=Decimal))


def errors_of(error: ReconcilerError) -> tuple[ReconcilerError, ...]:
    return error.errors if isinstance(error, HclErrors) else (error,)


def test_values_are_those_of_terraform() -> None:
    wrong = []
    scope = scopes.Names(definitions=locals_of(LOCALS))
    for case in FIXTURES["values"]:
        expr, source = read(case["src"])
        value = plain(evaluation.evaluate(expr, source, scope))
        if values.identity(value) != values.identity(parsed(case["want"])):
            wrong.append(f"{case['src']}\n  Terraform: {case['want']}\n  us: {value!r}")
    assert not wrong, f"{len(wrong)} of {len(FIXTURES['values'])}:\n" + "\n".join(wrong)


def test_values_are_still_those_of_terraform(tmp_path: Path) -> None:
    if (binary := shutil.which("terraform")) is None:
        pytest.skip("there is no terraform on PATH")
    (tmp_path / "main.tf").write_text(LOCALS)
    encoded = ", ".join(f"jsonencode({case['src']})" for case in FIXTURES["values"])
    done = subprocess.run(
        [binary, "console"],
        input=f"jsonencode([{encoded}])\n",
        cwd=tmp_path,
        env=os.environ | {"CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(json.loads(done.stdout)) == [case["want"] for case in FIXTURES["values"]]


def test_errors_are_said_once_and_where_they_are() -> None:
    wrong = []
    scope = scopes.Names(definitions=locals_of(LOCALS))
    for case in FIXTURES["errors"]:
        expr, source = read(case["src"])
        try:
            found: object = evaluation.evaluate(expr, source, scope)
        except HclError as error:
            found = [[each.where.column, each.what] for each in errors_of(error) if each.where]
        if found != case["errors"]:
            wrong.append(f"{case['src']}\n  wanted: {case['errors']}\n  got: {found}")
    assert not wrong, f"{len(wrong)} of {len(FIXTURES['errors'])}:\n" + "\n".join(wrong)


# The corpus: cases that others wrote for HCL's own tests


def unclaimed() -> Mapping[str, str]:
    """Read off docs/hcl.md which cases of the corpus are not claimed, and why."""
    rows = (ROOT / "docs/hcl.md").read_text().split("<!-- expressions -->")[1].split("<!-- end -->")[0]
    cells = [row.strip("| ").split(" | ", 1) for row in rows.splitlines() if row.startswith("| `")]
    return {source.strip("`"): reason for source, reason in cells}


def given(data: Any) -> Value:
    """Make a value of what the corpus holds, which writes sets as `{"__set__": […]}`."""
    if isinstance(data, list):
        return tuple(map(given, data))
    if isinstance(data, dict):
        if list(data) == ["__set__"]:
            return Set(map(given, data["__set__"]))
        return Object({key: given(member) for key, member in data.items()})
    return values.from_plain(data)


class Negate:
    """The one function of the corpus that is none of Terraform's."""

    def check(self, count: int) -> None:
        assert count == 1

    def call(self, arguments: Sequence[Value], run: Run, where: Where) -> Value:
        assert isinstance(arguments[0], int)
        return -arguments[0]


@pytest.mark.skipif(not CORPUS.exists(), reason=f"there is no {CORPUS.name}")
def test_corpus() -> None:
    table = unclaimed()
    wrong, seen = [], set()
    for kind, cases in json.loads(CORPUS.read_text(), parse_float=Decimal).items():
        parse = syntax.parse_template if "Template" in kind else syntax.parse_expression
        assert cases
        for case in cases:
            source = case["src"]
            own = {name: scopes.Pure("upper", Context()) for name, _ in case["funcs"]}
            names = {name: given(value) for name, value in case["vars"].items()}
            lookups: dict[str, evaluation.Callee] = {**own, "negate": Negate()}
            scope = scopes.Names(lookups=lookups)
            count, value = 0, None
            try:
                value = evaluation.evaluate(parse(source, "case"), Source(source, "case"), scope, names=names)
            except HclError as error:
                count = len(errors_of(error))
            right = (count, values.identity(value)) == (case["diags"], values.identity(given(case["want"])))
            if right is (source in table):
                wrong.append(f"{source!r} gives {value!r} and {count} errors, wanted {case}")
            seen.add(source)
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong)
    assert set(table) <= seen, "docs/hcl.md names cases that the corpus does not hold"


# What is not known, what is secret, and where values come from


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("u.a", None), ("u[0]", None), ("[1][u]", None), ("u[*].a", None), ("-u", None), ("!u", None), ("u + 1", None),
        ("u == 1", None), ("u && true", None), ("u && false", False), ("false && u", False), ("u || true", True),
        ("u ? 1 : 2", None), ("true ? 1 : u", 1), ('"a${u}"', None), ('"%{ if u }a%{ endif }"', None), ("[u][0]", None),
        ('"%{ for x in u }a%{ endfor }"', None), ("[for x in u : x]", None), ("[for x in [1] : x if u]", None),
        ("{for x in [u] : x => 1}", None), ("{(u) = 1}", None), ("upper(u)", None), ("max(u...)", None),
        ("try(u.a, 1)", None), ("try([u, {}.b], 3)", 3), ("can(u.a)", None), ("can([u, {}.b])", False),
        ("{a = u, b = 1}.b", 1), ("length([u])", 1), ("try({a = u, b = 1}, 2).b", None), ("[for x in [u] : 1]", (1,)),
    ],
)  # fmt: skip
def test_unknown_is_what_depends_on_it(text: str, known: Value) -> None:
    value = World().evaluate(text, u=Unknown("later"))
    assert isinstance(value, Unknown) if known is None else values.identity(value) == values.identity(known)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("s", "hush"), ('"a${s}"', "ahush"), ("s == 1", False), ("s == 1 ? 1 : 2", 2), ("o.a", 1), ('o["a"]', 1),
        ("[1, 2][n]", 2), ("{a = 1}[k]", 1), ("[for x in l : 1]", (1, 1)), ("[for x in [1] : x if s == 1]", ()),
        ("{for x in [s] : x => 1}", Object({"hush": 1})), ("{(s) = 1}", Object({"hush": 1})), ("l[*]", (1, 2)),
        ('"%{ if s == 1 }a%{ endif }"', ""), ('"%{ for x in l }${x}%{ endfor }"', "12"), ("max(l...)", 2),
        ("upper(s)", "HUSH"), ("try(s, 1)", "hush"), ("-n", -1), ("n + 1", 2), ("nil[*]", ()),
        ("u == 1 || s == 1", None),
    ],
)  # fmt: skip
def test_secrets_stay_secret(text: str, wanted: Value) -> None:
    value = World().evaluate(
        text,
        s=secret("hush"),
        o=secret(Object({"a": 1})),
        n=secret(1),
        k=secret("a"),
        l=secret((1, 2)),
        nil=secret(None),
        u=Unknown("later"),
    )
    assert isinstance(value, Marked)
    assert value.sensitive
    assert wanted is None or values.identity(value.value) == values.identity(wanted)


@pytest.mark.parametrize(
    "text", ["[s, 1][1]", "{a = s, b = 1}.b", "true ? 1 : n", "try(s.a, 1)", "length([s])"]
)
def test_only_what_was_made_of_a_secret_is_one(text: str) -> None:
    assert World().evaluate(text, s=secret("hush"), n=secret(2)) == 1


@pytest.mark.parametrize(
    "text",
    ["o.hush", 'o["hush"]', "l[7]", "{for x in [s, s] : x => 1}", "s + 1", "[for x in s : x]", "true ? o : l",
     "s ? 1 : 2", "upper(o)", "jsondecode(s)", "{}[s]", "tonumber(s)", "local[s]"],
)  # fmt: skip
def test_messages_hold_no_secret(text: str) -> None:
    names: dict[str, Value] = {
        "s": secret("qzqz"),
        "o": secret(Object({"hus": "qzqz", "qzqz": 1})),
        "l": secret(("qzqz",)),
    }
    with pytest.raises(HclError) as caught:
        World().evaluate(text, "", LIMITS, **names)
    shown = "\n".join((caught.value.what, caught.value.hint or ""))
    assert "qzqz" not in shown
    assert "hus " not in f"{shown} "


def test_values_know_where_they_come_from() -> None:
    world = World({"aws_x.a.id": "1", "aws_x.b.id": "2", "data.aws_y.c.arn": "3"})
    value = world.evaluate('["${aws_x.a.id}-${aws_x.b.id}", data.aws_y.c.arn]')
    assert isinstance(value, tuple)
    first, second = value
    assert isinstance(first, Marked)
    assert isinstance(second, Marked)
    assert first.origins == {"aws_x.a.id", "aws_x.b.id"}
    assert second.origins == {"data.aws_y.c.arn"}
    assert not first.sensitive


def test_an_address_holds_no_secret() -> None:
    rows: Value = Object({"hush": Object({"id": 1})})
    world = World({"aws_x.a": rows})
    assert isinstance(value := world.evaluate("aws_x.a[s].id", s=secret("hush")), Marked)
    assert (value.value, value.sensitive, world.asked) == (1, True, ["aws_x.a"])


# Laziness


def test_addresses_are_asked_for_whole() -> None:
    names: dict[str, Value] = {
        "aws_x.a[0].id": 1,
        'aws_x.b["k"].tags.Name': 2,
        "module.vpc.subnets[1]": 3,
        "aws_x.c": (Object({"id": 4}),),
    }
    world = World(names)
    text = '[aws_x.a[local.n].id, aws_x.b["k"].tags.Name, module.vpc.subnets.1, aws_x.c[*].id]'
    assert world.reads(text, "locals {\n n = 0\n}") == [
        "local.n", "aws_x.a[0].id", 'aws_x.b["k"].tags.Name', "module.vpc.subnets[1]", "aws_x.c",
    ]  # fmt: skip
    assert world.asked == list(names)


@pytest.mark.parametrize(
    "text",
    ["true ? 1 : aws_x.a.id", 'false ? ask("b") : 1', "false && aws_x.a.id", "true || aws_x.a.id", "try(1, aws_x.a.id)",
     "true ? 1 : local.lazy", '"%{ if false }${aws_x.a.id}%{ endif }"', "[for x in [] : aws_x.a.id]"],
)  # fmt: skip
def test_what_nobody_uses_is_not_asked_for(text: str) -> None:
    world = World()
    assert world.reads(text, "locals {\n lazy = aws_x.a.id\n}") in ([], ["aws_x.a.id"][:0])
    assert world.asked == []


def test_types_do_not_depend_on_what_was_looked_up_already() -> None:
    text = "[local.a, true ? 1 : local.a, true ? 1 : aws_x.a.id, true ? 1 : local.b]"
    definitions = 'locals {\n a = aws_x.a.id\n b = "text"\n}'
    value = World({"aws_x.a.id": "i-1"}).evaluate(text, definitions)
    assert plain(value) == ("i-1", 1, 1, "1")


def test_unknown_addresses_are_all_found_at_once() -> None:
    world = World({"aws_x.a.id": None, "aws_x.b.id": None, "ask c": None})
    assert isinstance(world.evaluate('"${aws_x.a.id}${aws_x.b.id}${ask("c")}"'), Unknown)
    assert world.asked == ["aws_x.a.id", "aws_x.b.id", "ask c"]


@pytest.mark.parametrize(
    ("text", "value", "asked"),
    [
        ("module.m[*].b", (Object({"c": 1}), Object({"c": 2})), ["module.m[*].b"]),
        ("module.m[*].b.c", (1, 2), ["module.m[*].b"]),
        ("module.m.*.b.c", (1, 2), ["module.m[*].b"]),
        ("[for module in [{ m = [{ b = 3 }] }] : module.m[*].b]", ((3,),), []),
        ("false ? module.m[*].b : []", (), []),
        ("aws_x.a[*].b", (3,), ["aws_x.a"]),
    ],
)
def test_a_splat_of_a_module_asks_for_one_output(text: str, value: Value, asked: list[str]) -> None:
    outputs = (Object({"c": 1}), Object({"c": 2}))
    world = World({"module.m[*].b": outputs, "aws_x.a": (Object({"b": 3}),)})
    assert values.unmark(world.evaluate(text))[0] == value
    assert world.asked == asked


def test_what_cannot_be_found_is_an_error_where_it_is_used() -> None:
    with pytest.raises(NotFound) as caught:
        World().evaluate("  aws_x.a.id")
    assert caught.value.where == Where("case", 1, 3)
    assert World().evaluate('try(aws_x.a.id, "none")') == "none"
    assert World().evaluate("can(aws_x.a.id)") is False


@pytest.mark.parametrize(
    ("text", "what"),
    [("aws_x", "an address of this kind begins with aws_x.NAME"), ("data.aws_x", "begins with data.TYPE.NAME"),
     ('aws_x["a"].id', "begins with aws_x.NAME"), ("module", "begins with module.NAME.OUTPUT")],
)  # fmt: skip
def test_addresses_have_a_form(text: str, what: str) -> None:
    with pytest.raises(HclError, match=what.replace(".", r"\.")):
        World().evaluate(text)


# Locals


def test_locals_are_evaluated_once_and_when_needed() -> None:
    world = World({"aws_x.a.id": "1"})
    definitions = "locals {\n a = local.b\n b = aws_x.a.id\n c = nowhere.at.all\n}"
    assert plain(world.evaluate("[local.a, local.b, local.a]", definitions)) == ("1", "1", "1")
    assert world.asked == ["aws_x.a.id"]


def test_a_circle_is_spelled_out() -> None:
    definitions = "locals {\n a = local.b\n b = [local.c]\n c = local.a\n}"
    for text in ("local.a", "[local.a, local.b, local.c]", "try(local.a, 1)"):
        with pytest.raises(HclError) as caught:
            World().evaluate(text, definitions)
        assert caught.value.what == "this needs itself: local.a → local.b → local.c → local.a"
        assert caught.value.where == Where("locals.hcl", 4, 6)
    assert World().evaluate("true ? 1 : local.a", definitions) == 1


def test_a_wrong_local_is_one_error_however_often_it_is_used() -> None:
    definitions = "locals {\n a = {}.x\n b = local.a + local.a\n}"
    scope = World().scope(definitions)
    for text in ("[local.a, local.b, local.a]", "local.b", "try(local.b, 1)"):
        expr, source = read(text)
        with pytest.raises(HclError) as caught:
            evaluation.evaluate(expr, source, scope)
        assert str(caught.value) == (
            'locals.hcl:2:9: this object has no attribute "x"\n  2 |  a = {}.x\n    |         ^'
        )


# Limits


def doubled(times: int, form: str) -> str:
    lines = [f"x{n} = {form.replace('@', f'local.x{n - 1}')}" for n in range(1, times + 1)]
    return 'locals {\nx0 = "0123456789"\n' + "\n".join(lines) + "\n}"


@pytest.mark.parametrize(
    ("text", "definitions", "what"),
    [
        ("local.x40", doubled(40, '"${@}${@}"'), "the text grows beyond"),
        ("local.x40", doubled(40, "[@, @]"), "the value grows beyond"),
        ("local.x40", doubled(40, "{ a = @, b = @ }"), "the value grows beyond"),
        ("local.x40", doubled(40, "[for n in [1, 2] : @]"), "the value grows beyond"),
        ("local.x200", doubled(200, "@"), "nested too deeply"),
        ("[" + ", ".join(f"local.x{n}" for n in range(200)) + "]", doubled(200, "[@]"), "nested too deeply"),
        ("(" * 140 + "local.x20" + ")" * 140, doubled(20, "@"), "nested too deeply"),
        ('"%{ for a in l }%{ for b in l }%{ for c in l }${c}%{ endfor }%{ endfor }%{ endfor }"', "", "takes more than"),
        ('"%{ for a in l }%{ for b in l }%{ for c in l }%{ endfor }%{ endfor }%{ endfor }"', "", "takes more than"),
        ("[for a in l : [for b in l : [for c in l : 1]]]", "", "takes more than"),
        ("try([for a in l : [for b in l : [for c in l : 1]]], 1)", "", "takes more than"),
    ],
)  # fmt: skip
def test_nothing_grows_for_ever(text: str, definitions: str, what: str) -> None:
    with pytest.raises(HclError, match=what):
        World().evaluate(text, definitions, Limits(steps=50_000, characters=100_000), l=tuple(range(100)))


def test_limits_are_no_errors_that_try_could_hide() -> None:
    with pytest.raises(Exceeded):
        World().evaluate("try(local.x40, 1)", doubled(40, '"${@}${@}"'))


def test_a_long_sum_is_not_deep() -> None:
    assert World().evaluate(" + ".join(["1"] * 140), "", Limits(depth=5)) == 140
