"""The tree of parsed HCL: what the parser gives, and the evaluator and the printer take.

Two trees are equal if they differ in nothing but their places: spans take no part in comparisons. (Python
holds `True == 1`; whoever must tell those apart compares `repr`, which leaves the spans out as well.)

::

    Body ── Attribute: Expr
         └─ Block ── Body
    Expr: Literal Template TemplateWrap Name GetAttr Index Splat Call Conditional Binary Unary Parens
          Tuple Object ForTuple ForObject
    Part (of a Template): str Interpolation IfDirective ForDirective
    Step (of a Splat): AttrStep IndexStep SplatStep
"""

from __future__ import annotations

from dataclasses import field
from decimal import Decimal
from typing import TypeAlias

from reconciler.records import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of the source: half-open offsets, and the 1-based line and column of its start, all in characters."""

    start: int
    end: int
    line: int
    column: int


NOWHERE = Span(0, 0, 1, 1)
"""The span of a node that was made and not read."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: `null`, `true`, `12`, `1.5`, `"text"`. A bare key of an object, `{ a = 1 }`, is one too.

    Whole numbers of up to 155 digits are int, all other numbers Decimal. Text is unescaped and in NFC.
    """

    value: None | bool | int | str | Decimal
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Template:
    """Text with at least one sequence in it, and not one interpolation alone: its value is a string.

    Strip markers are applied, heredocs are dedented, and no two texts stand side by side.
    """

    parts: tuple[Part, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TemplateWrap:
    """`"${x}"`: one interpolation alone, whose value keeps its type."""

    expr: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Interpolation:
    """`${x}` inside a template. The span goes from the dollar sign to the closing brace."""

    expr: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class IfDirective:
    """`%{ if c }…%{ else }…%{ endif }`. Without an `else`, `otherwise` is empty. The span is the opening's."""

    condition: Expr
    then: tuple[Part, ...]
    otherwise: tuple[Part, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ForDirective:
    """`%{ for k, v in c }…%{ endfor }`. The span is the opening's."""

    key: str | None
    value: str
    collection: Expr
    body: tuple[Part, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Name:
    """The root of a traversal: `var`, `aws_subnet`, the `x` of a `for`."""

    name: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class GetAttr:
    """`source.name`. `name_span` is the name's alone."""

    source: Expr
    name: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)
    name_span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Index:
    """`source[key]`, and the old `source.0`, whose key is a literal."""

    source: Expr
    key: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AttrStep:
    """`.name` after a splat."""

    name: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class IndexStep:
    """`[key]` or `.0` after a splat."""

    key: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SplatStep:
    """A splat inside a full splat, applied to each element: the second one of `a[*].b[*].c`."""

    each: tuple[Step, ...]
    full: bool
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Splat:
    """`source[*]…` (full: every step that follows is taken of each element) or `source.*…` (attributes alone).

    After `.*` only `.name` and `.0` belong to `each`; a bracket that follows applies to the whole result.
    """

    source: Expr
    each: tuple[Step, ...]
    full: bool
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """`name(arguments)`. Namespaces stay in the name, `core::upper`; `expands` is for a final `...`."""

    name: str
    arguments: tuple[Expr, ...]
    expands: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)
    name_span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Conditional:
    """`condition ? then : otherwise`."""

    condition: Expr
    then: Expr
    otherwise: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right`; the operator is one of `|| && == != < > <= >= + - * / %`."""

    operator: str
    left: Expr
    right: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """`-operand` or `!operand`."""

    operator: str
    operand: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Parens:
    """`(inner)`: kept, since `{ (a) = 1 }` has another key than `{ a = 1 }`, and `(a[*])[0]` another value."""

    inner: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Tuple:
    """`[a, b]`."""

    items: tuple[Expr, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Object:
    """`{ key = value }`, in the order of the source; the same key may stand there twice, and the last one counts."""

    items: tuple[tuple[Expr, Expr], ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ForTuple:
    """`[for key, value in collection : result if condition]`."""

    key: str | None
    value: str
    collection: Expr
    result: Expr
    condition: Expr | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ForObject:
    """`{for key, value in collection : result_key => result_value if condition}`; `grouped` is for a `...`."""

    key: str | None
    value: str
    collection: Expr
    result_key: Expr
    result_value: Expr
    grouped: bool = False
    condition: Expr | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Attribute:
    """`name = expr` in a body."""

    name: str
    expr: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)
    name_span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Block:
    """`type "label" { … }`. `header` is the span of type and labels, `label_spans` has one for each label."""

    type: str
    labels: tuple[str, ...]
    body: Body
    span: Span = field(default=NOWHERE, compare=False, repr=False)
    header: Span = field(default=NOWHERE, compare=False, repr=False)
    label_spans: tuple[Span, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Body:
    """What a file or a block holds, each kind in the order of the source. No name is given to two attributes."""

    attributes: tuple[Attribute, ...] = ()
    blocks: tuple[Block, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    def attribute(self, name: str) -> Attribute | None:
        """Give the attribute of a name, None where there is none."""
        return next((each for each in self.attributes if each.name == name), None)


Part: TypeAlias = str | Interpolation | IfDirective | ForDirective
Step: TypeAlias = AttrStep | IndexStep | SplatStep
Expr: TypeAlias = (
    Literal
    | Template
    | TemplateWrap
    | Name
    | GetAttr
    | Index
    | Splat
    | Call
    | Conditional
    | Binary
    | Unary
    | Parens
    | Tuple
    | Object
    | ForTuple
    | ForObject
)


def is_reference(expr: Expr) -> bool:
    """Tell whether an expression is a name and fixed steps from it, `a.b["c"]`: a bare key of an object may be none."""
    while isinstance(expr, GetAttr) or (isinstance(expr, Index) and isinstance(expr.key, Literal)):
        expr = expr.source
    return isinstance(expr, Name)
