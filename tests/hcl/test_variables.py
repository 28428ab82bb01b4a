"""Variables are declared and given values as Terraform does both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from reconciler.errors import HclError, HclErrors
from reconciler.hcl import declarations, scopes, syntax, values, variables
from reconciler.hcl.declarations import Variable
from reconciler.hcl.runs import Run
from reconciler.hcl.sources import Source
from reconciler.hcl.values import Marked
from tests.hcl.test_evaluation import parsed, plain

FIXTURES = json.loads((Path(__file__).parents[2] / "fixtures/hcl/variables.json").read_text())


def declared(text: str) -> Mapping[str, Variable]:
    return declarations.variables(syntax.parse_body(text, "main.hcl"), Source(text, "main.hcl"))


def errors(error: HclError) -> list[str]:
    each = error.errors if isinstance(error, HclErrors) else (error,)
    return [f"{one.where}: {one.what}" for one in each]


def test_declarations() -> None:
    wrong = []
    for case in FIXTURES["declarations"]:
        try:
            found = [str(variable.kind) for variable in declared(case["text"]).values()]
        except HclError as error:
            found = errors(error)
        if found != case["gives"]:
            wrong.append(f"{case['text']}\n  wanted: {case['gives']}\n  got: {found}")
    assert not wrong, "\n".join(wrong)


def test_values() -> None:
    wrong = []
    for case in FIXTURES["values"]:
        text = f'variable "x" {{\n{case["variable"]}\n}}'
        try:
            given = [
                *variables.from_environment(case.get("environment", {})),
                *(each for file in case.get("files", []) for each in variables.from_file(file[1], file[0])),
                *map(variables.from_option, case.get("options", [])),
            ]
            setting = variables.settle(declared(text), given)["x"]
            got: object = values.identity(plain(setting.value)), str(setting.where)
        except HclError as error:
            got = errors(error)
        wanted = (
            (values.identity(parsed(case["value"])), case["where"]) if "value" in case else case["errors"]
        )
        if got != wanted:
            wrong.append(f"{case}\n  got: {got}")
    assert not wrong, "\n".join(wrong)


def test_files_that_count_unasked() -> None:
    names = [
        "z.auto.tfvars",
        "a.tfvars",
        "b.auto.tfvars.json",
        "terraform.tfvars.json",
        "a.auto.tfvars",
        "terraform.tfvars",
    ]
    assert variables.automatic(names) == (
        "terraform.tfvars", "terraform.tfvars.json", "a.auto.tfvars", "b.auto.tfvars.json", "z.auto.tfvars",
    )  # fmt: skip


def test_all_that_is_wrong_is_said_at_once() -> None:
    text = 'variable "a" {}\nvariable "b" { type = number }\nvariable "port" { default = 1 }'
    given = [*variables.from_environment({"TF_VAR_b": "x"}), variables.from_option("aa=1")]
    number = "a number is required, and the text is not a number"
    with pytest.raises(HclErrors) as caught:
        variables.settle(declared(text), given)
    assert errors(caught.value) == [
        f"environment variable TF_VAR_b: the value of the variable b does not have its type: {number}",
        "main.hcl:1:1: the variable a has no value",
    ]


def test_a_value_under_almost_the_right_name() -> None:
    with pytest.raises(HclError) as caught:
        variables.settle(declared('variable "image" {}'), [variables.from_option("imgae=1")])
    assert caught.value.hint == "a value is given for imgae: is it meant for this one?"


def test_what_no_variable_asks_for() -> None:
    given = [*variables.from_file("a = 1\nz = 2", "x.tfvars"), *variables.from_environment({"TF_VAR_y": "1"})]
    known = declared('variable "a" {}')
    assert variables.settle(known, given)["a"].value == 1
    assert [(each.name, near) for each, near in variables.unused(known, given)] == [("z", None)]
    with pytest.raises(HclErrors) as caught:
        variables.unused(["port"], [*given, *map(variables.from_option, ("por=1", "port=1", "x=1"))])
    assert errors(caught.value) == ["-var por: there is no variable por", "-var x: there is no variable x"]
    assert "try: did you mean port?" in str(caught.value)


def test_a_sensitive_variable_is_never_shown() -> None:
    text = (
        'variable "x" {\n  sensitive = true\n  type = map(number)\n  validation {\n'
        '    condition = var.x.a > 5\n    error_message = "got ${var.x.a}"\n  }\n}'
    )
    found = declared(text)
    settings = variables.settle(found, variables.from_environment({"TF_VAR_x": "{ a = 4 }"}))
    assert settings["x"].value == Marked(values.Object({"a": 4}))
    run = Run()
    scope = scopes.Names([scopes.Fixed("var", {"x": settings["x"].value}, "variable")])
    variables.validate(found, settings, scope, run)
    with pytest.raises(HclError) as caught:
        run.finish()
    assert caught.value.what == "the value of the variable x is refused: its validation failed"
    for wrong in ("{ a = qzqz }", "[qzqz", '{ a = "qzqz" }', '"qzqz"'):
        with pytest.raises(HclError) as failed:
            variables.settle(found, variables.from_environment({"TF_VAR_x": wrong}))
        assert "qzqz" not in failed.value.what


@pytest.mark.parametrize(
    ("condition", "message", "said"),
    [
        ("var.x > 1", '"no"', None),
        ("var.x > 5", '"${var.x} is low"', "the value of the variable x is refused: 3 is low"),
        ("null", '"no"', "the condition of this validation is null, and must be true or false"),
        ("var.y", '"no"', 'there is no variable "y"'),
        ("var.x > 5", "[]", "the value of the variable x is refused: its validation failed"),
    ],
)
def test_validations(condition: str, message: str, said: str | None) -> None:
    found = declared(
        f'variable "x" {{\n validation {{\n  condition = {condition}\n  error_message = {message}\n }}\n}}'
    )
    run = Run()
    settings = variables.settle(found, variables.from_file('{"x": 3}', "x.tfvars.json"))
    variables.validate(found, settings, scopes.Names([scopes.Fixed("var", {"x": 3}, "variable")]), run)
    assert {error.hint for error in run.errors if "is refused" in error.what} <= {
        "its value is from x.tfvars.json:1:2"
    }
    assert [error.what for error in run.wrong()] == ([said] if said else [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1]", "an object is required, a member for each variable"),
        ("{", "this is no JSON"),
        ('{"a": NaN}', "this is no JSON"),
        ('{"a": 1e99999}', "this is no JSON"),
        ("[" * 100_000, "this is no JSON"),
    ],
)
def test_files_that_are_no_values(text: str, said: str) -> None:
    with pytest.raises(HclError, match=said):
        variables.from_file(text, "x.tfvars.json")


def test_numbers_of_json_keep_their_digits() -> None:
    [given] = variables.from_file('{"a": 0.1234567890123456789}', "x.tfvars.json")
    assert given.value == Decimal("0.1234567890123456789")


def test_values_of_json_have_places() -> None:
    text = '\ufeff\n { "a" : {"b": [1, "}"]},\n"\\u0062":2\t,  "c": {} }'
    found = variables.from_file(text, "x.tfvars.json")
    assert [(each.name, str(each.where)) for each in found] == [
        ("a", "x.tfvars.json:2:4"),
        ("b", "x.tfvars.json:3:1"),
        ("c", "x.tfvars.json:3:15"),
    ]
    assert variables.from_file(" {\n} ", "x.tfvars.json") == ()
