"""Functions that give structures, in every format, and those that are asked only for what is certain to be needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from reconciler.core.documents import Resolved
from reconciler.core.references import Function
from reconciler.core.values import Address, Failure, Json, Value
from reconciler.errors import ConfigError, NotFound, ReconcilerError
from reconciler.load import evaluate, listings, sources
from reconciler.load.sources import Document, Options

GIVEN: Json = {"Now": "noon", "of": [1, {"b": "hush"}], "many": 2000000, "none": None, "off": False}
FUNCTIONS = {
    "run": Function.of("run", "run", lambda name, /: str(name), structured=True, late=True),
    "get": Function.of("get", "get", lambda name, /: str(name)),
}
HUSH = Value(GIVEN, (("of", 1, "b"),))


class Lookups:
    """Answers `all` with `GIVEN`, `secret` with one, another name with itself, and counts its rounds."""

    def __init__(self) -> None:
        self.rounds: list[list[str]] = []

    def __call__(self, addresses: Sequence[Address]) -> dict[Address, Value | Failure]:
        self.rounds.append([str(address) for address in addresses])
        given = {"all": HUSH, "secret": Value("s3cret-name", ((),))}
        return {address: given.get(address.path, Value(address.path)) for address in addresses}


def document(text: str, form: str) -> Document:
    return Document(Path(f"f.{form}"), text, sources.FORMATS[f".{form}"])


def resolve(text: str, form: str) -> tuple[Resolved, list[list[str]]]:
    lookups = Lookups()
    (result,) = evaluate.resolve([document(text, form)], FUNCTIONS, lookups, Options())
    return result, lookups.rounds


RUN = "std.native('run')('all')"


EVERY_FORMAT = {
    "json": """{
      "a": "{{ (run `all`).Now }}", "b": {{ index (run `all`).of 0 }}, "c": "{{ (index (run `all`).of 1).b }}",
      "d": {{ (run `all`).many }}, "e": {{ if (run `all`).off }}1{{ else }}0{{ end }}
    }""",
    "yml": """
a: !index [!run all, Now]
b: !index [!run all, of, 0]
c: !index [!run all, of, 1, b]
d: !index [!run all, many]
e: {{ if (run `all`).off }}1{{ else }}0{{ end }}
""",
    "jsonnet": """
local all = std.native('run')('all');
{a: all.Now, b: all.of[0], c: all.of[1].b, d: all.many, e: if all.off then 1 else 0}
""",
    "hcl": """
a = run("all").Now
b = run("all").of[0]
c = run("all").of[1].b
d = run("all").many
e = run("all").off ? 1 : 0
""",
}


@pytest.mark.parametrize("form", EVERY_FORMAT)
def test_a_structure_is_indexed_in_every_format(form: str) -> None:
    result, rounds = resolve(EVERY_FORMAT[form], form)
    assert result.data == {"a": "noon", "b": 1, "c": "hush", "d": 2000000, "e": 0}
    assert rounds == [["run all"]]
    assert result.sensitive == {("c",)}
    assert {str(origin.address) for origin in result.origins_of(("a",))} == {"run all"}


def test_an_index_carries_the_marks_of_what_it_is_made_from() -> None:
    result, _ = resolve("a: !index [!run all, !get Now]\n", "yml")
    assert result.data == {"a": "noon"}
    assert {str(origin.address) for origin in result.origins_of(("a",))} == {"run all", "get Now"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "a: !index [!run all, now]\n",
            "f.yml:1:4: what is indexed has no member now\n  try: did you mean Now?",
        ),
        ("a: !index [!get x, now]\n", "what is indexed is text, which has no members"),
        ("a: !index [!run all, none, x]\n", "what is indexed is null, which has no members"),
        ("a: !index [!run all, many, 0]\n", "what is indexed is a number or a truth value"),
        ("a: !index [!run all, of, 2]\n", "has no item 2: it is a list of 2"),
        ("a: !index [!run all, of, b]\n", "a list is indexed with a whole number"),
        ("a: !index [!run all]\n", "index takes a value and what to take of it"),
        ("a: !index x\n", "index takes a value and what to take of it"),
    ],
)
def test_an_index_that_is_wrong(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(text, "yml")
    assert says in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_function_of_this_name_goes_before_the_tag() -> None:
    functions = {"index": Function.of("index", "get", lambda name, /: str(name))}
    (result,) = evaluate.resolve([document("a: !index x\n", "yml")], functions, Lookups(), Options())
    assert result.data == {"a": "x"}


GET, LATE = "std.native('get')", "std.native('run')"


@pytest.mark.parametrize(
    ("form", "text", "rounds"),
    [
        ("json", '["{{ run `a` }}{{ if false }}{{ run `b` }}{{ end }}{{ get `c` }}"]', [["run a", "get c"]]),
        ("json", '["{{ if eq (get `c`) `d` }}{{ run `b` }}{{ end }}"]', [["get c"]]),
        ("json", '["{{ run (get `c`) }}"]', [["get c"], ["run c"]]),
        ("hcl", 'a = get("c") == "d" ? run("a") : run("b")\n', [["get c"], ["run b"]]),
        # What stands in for the unknown is "0": a branch that is not taken, and an argument that nobody gave.
        ("jsonnet", f"[if {GET}('c') == '0' then {LATE}('a') else {LATE}('b')]", [["get c"], ["run b"]]),
        ("jsonnet", f"[{LATE}({GET}('c')), {GET}('d')]", [["get c", "get d"], ["run c"]]),
        ("jsonnet", f"[{LATE}({LATE}('a')), {LATE}('b')]", [["run a"], ["run b"]]),
        ("jsonnet", f"[{LATE}({LATE}('a') + 'x'), {LATE}('b')]", [["run a"], ["run ax"], ["run b"]]),
    ],
)
def test_a_late_function_is_asked_for_what_is_certain_alone(
    form: str, text: str, rounds: list[list[str]]
) -> None:
    assert resolve(text, form)[1] == rounds


def listed(text: str, form: str) -> tuple[list[str], list[ReconcilerError]]:
    known = {Address("run", "all"): HUSH, Address("get", "c"): Value("c", ((),))}
    found = listings.listing(document(text, form), FUNCTIONS, known, Options())
    return [str(address) for use in found.uses for address in use.addresses], list(found.problems)


def test_evaluations_for_differences_are_no_uses_of_a_document() -> None:
    # To trace what is sensitive, it is evaluated with another value in the place of `c`.
    text = f"[{GET}('c') == 'c' && {RUN}.Now == 'noon', if {GET}('c') == 'c' then 1 else {LATE}('other')]"
    assert listed(text, "jsonnet") == (["get c", "run all"], [])


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("json", '["{{ run (get `secret`) }}"]'),
        ("yml", "- !run [!get secret]\n"),
        ("jsonnet", f"[{LATE}({GET}('secret'))]"),
        ("hcl", 'a = run(get("secret"))\n'),
    ],
)
def test_nobody_sees_an_address_that_is_made_from_a_secret(form: str, text: str) -> None:
    result, rounds = resolve(text, form)
    assert rounds == [["get secret"], ["run s3cret-name"]]
    origins = {str(origin.address) for found in result.origins.values() for origin in found}
    assert origins == {"get secret", "run (sensitive value)"}
    assert len(result.sensitive) == 1


@pytest.mark.parametrize("form", ["json", "yml", "jsonnet", "hcl"])
def test_what_stands_in_for_a_structure_is_no_problem_of_its_own(form: str) -> None:
    text = EVERY_FORMAT[form]
    known = {Address("run", "all"): Failure(NotFound("there is no such thing"))}
    found = listings.listing(document(text, form), FUNCTIONS, known, Options())
    assert {str(address) for use in found.uses for address in use.addresses} == {"run all"}
    assert found.problems == ()
