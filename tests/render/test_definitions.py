"""Definition files, as they are written: read again, they mean what they meant."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.aws.shapes import ECS
from reconciler.core.addressing import Draft, Reference, Text
from reconciler.core.references import Function, PluginUse
from reconciler.core.shapes import Shapes
from reconciler.core.values import Address, Failure, Json, Value
from reconciler.load import evaluate, sources
from reconciler.load.hcls import pairs
from reconciler.render import definitions

FUNCTIONS = {"tfstate": Function.of("tfstate", "tfstate", lambda address, /: address)}
ADDRESSES = ('aws_subnet.private["c"].id', "output.vpc_id", 'module.a["x y"].aws_iam_role.r[0].arn')

# HCL's texts are in NFC.
texts = st.text(st.sampled_from("ab é{}$%'\"`\\\n\t~!#&*|>-?:,[]0"), max_size=8) | st.sampled_from(
    [
        "{{ x }}",
        "${x}",
        "%{ if x }",
        "null",
        "yes",
        "1e3",
        "~",
        "007",
        "{{",
        "${",
        "$${",
        "!tfstate x",
        "a\n  b\n",
    ]
)
references = st.sampled_from(ADDRESSES).map(Reference)
leaves = texts | st.builds(
    lambda before, reference, after: Text(tuple(part for part in (before, reference, after) if part)),
    texts, references, texts,
)  # fmt: skip
tasks = st.builds(
    lambda values, labels, variables, count: {
        "family": "web",
        "cpu": count,
        "containerDefinitions": [
            {
                "name": "app",
                "command": values,
                "dockerLabels": labels,
                "environment": [{"name": name, "value": value} for name, value in sorted(variables.items())],
            }
        ],
    },
    st.lists(leaves, max_size=3),
    st.dictionaries(texts.filter(bool), texts, max_size=2),
    st.dictionaries(st.sampled_from(["A", "b-c", "name", "value", "for"]), leaves, max_size=3),
    st.integers(0, 2**40),
)


def shapes() -> Shapes:
    """Give the API's shapes."""
    return ECS


def meant(document: Draft) -> Json:
    """Give what a document comes to where the state answers each address with itself, in angle brackets."""
    if isinstance(document, dict):
        return {name: meant(member) for name, member in document.items()}
    if isinstance(document, list):
        return [meant(item) for item in document]
    if isinstance(document, Text):
        return "".join(part if isinstance(part, str) else f"<{part.quoted}>" for part in document.parts)
    return document


def read(text: str, form: str) -> Json:
    """Evaluate a written file."""

    def answer(addresses: Sequence[Address]) -> dict[Address, Value | Failure]:
        return {address: Value(f"<{address.path}>") for address in addresses}

    states = sources.States(Path(), (PluginUse("tfstate", {}),))
    document = sources.Document(
        Path(f"task{definitions.SUFFIXES[form]}"), text, sources.FORMATS[definitions.SUFFIXES[form]]
    )
    (found,) = evaluate.resolve([document], FUNCTIONS, answer, sources.Options(shapes=shapes, states=states))
    return found.data


@pytest.mark.parametrize("form", definitions.SUFFIXES)
@settings(max_examples=25)
@given(document=tasks)
def test_what_is_written_means_the_same(form: str, document: Draft) -> None:
    if form == "hcl":  # asks the state for objects: how it is referred to there is the command's to show
        document = _concrete(document)
    known = {name: (pair.key, pair.value) for name, pair in pairs.of(shapes).items()}
    written = definitions.text(document, form, known)
    assert read(written, form) == meant(document), written


def _concrete(document: Draft) -> Draft:
    if isinstance(document, dict):
        return {name: _concrete(member) for name, member in document.items()}
    if isinstance(document, list):
        return [_concrete(item) for item in document]
    return "x" if isinstance(document, Text) else document
