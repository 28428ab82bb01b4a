"""HCL as a format of project files and definitions.

Takes: a document, what may be looked up, and the project's own declarations. Gives: `Resolved` data, or nothing where
something has to be looked up first. Of the outside it reads only what functions such as `file` read, below the
project's folder.

Members are attributes or blocks, under their names of the ECS API or these in snake case (see `names`). Expressions
are Terraform's, and refer to Terraform's state as Terraform does: `aws_subnet.private[*].id` asks the resolver
`tfstate`. Resolvers' functions are called by their names: `ssm("/app/token")`.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from reconciler.core.documents import Resolved
from reconciler.core.values import Json
from reconciler.errors import ConfigError, KnownLater
from reconciler.hcl import declarations, plains, repetitions, syntax, values, variables
from reconciler.hcl.declarations import Variable
from reconciler.hcl.nodes import Body, Expr
from reconciler.hcl.runs import Run
from reconciler.hcl.sources import Source
from reconciler.hcl.variables import Given
from reconciler.load import sources
from reconciler.load.calls import Lookups
from reconciler.load.hcls import bodies, outside, pairs
from reconciler.load.hcls.names import Naming
from reconciler.load.sources import Document, Options

DECLARING: Final = ("variable", "locals")
"""The blocks that declare, and are no members of the document."""


def given(
    folder: Path, environ: Mapping[str, str], files: Sequence[Path] = (), settings: Sequence[str] = ()
) -> tuple[Given, ...]:
    """Read what is said of variables, the weakest first: the environment, the files of a folder that count unasked,
    further files, and settings `NAME=VALUE`.

    Raises ConfigError, HclError.
    """
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError:
        names = []
    found = [*variables.from_environment(environ)]
    for path in (*(folder / name for name in variables.automatic(names)), *files):
        found += variables.from_file(sources.text(path), str(path))
    return (*found, *map(variables.from_option, settings))


def unused(documents: Iterable[Document], options: Options) -> tuple[tuple[Given, str | None], ...]:
    """Give the values of files that no variable of any of the documents asks for, with near misses.

    Raises HclError, HclErrors for several, where an option is for none of them or a document cannot be parsed.
    """
    declared: set[str] = set()
    for document in documents:
        declared.update(declarations.variables(*_parsed(document)))
    return variables.unused(declared, options.given)


def secrets(document: Document, options: Options) -> Iterator[Json]:
    """Give the values of the variables that a document declares sensitive, as far as they have any."""
    with contextlib.suppress(ConfigError):  # which evaluating the document reports
        for name, variable in declarations.variables(*_parsed(document)).items():
            if variable.sensitive:
                setting = variables.settle({name: variable}, options.given)[name]
                yield plains.to_json(values.unmark(setting.value)[0])


def evaluate(
    document: Document, lookups: Lookups, options: Options, *, members: frozenset[str] | None = None
) -> Resolved | None:
    """Evaluate a document, of which `members` alone if they are given; None where `lookups` needs something first.

    Raises HclError, HclErrors for several, ResolveError where a failed lookup is used.
    """
    body, source = _parsed(document)
    declared, definitions = _declared(document, options, body, source)
    run = Run()
    settings = variables.settle(declared, options.given)
    scope = outside.scope(document, lookups, options, settings, definitions)
    if members is None:
        variables.validate(declared, settings, scope, run)
    naming = Naming.PROJECT if document.format == "hcl-project" else Naming.API
    attributes = [each for each in body.attributes if members is None or each.name in members]
    blocks = [
        each
        for each in body.blocks
        if each.type not in DECLARING
        and (members is None or naming.block(repetitions.type_of(each))[0] in members)
    ]
    lists = functools.partial(_pairs, options)
    kept = Body(tuple(attributes), tuple(blocks), body.span)
    reader = bodies.Reader(run, source, scope, scope.origins, scope.places, naming, lists)
    result = reader.document(kept, str(document.path))
    wrong = run.wrong()
    if wrong and all(isinstance(error, KnownLater) for error in wrong):
        raise wrong[0]
    run.finish()
    if lookups.needs:
        return None
    if reader.later:
        raise reader.later[0]
    return result


def _pairs(options: Options) -> Mapping[str, pairs.Pair]:
    return pairs.of(options.shapes) if options.shapes is not None else {}


@functools.lru_cache(maxsize=8)  # each round, and each definition, asks for the project file's again
def _parsed(document: Document) -> tuple[Body, Source]:
    name = str(document.path)
    return syntax.parse_body(document.text, name), Source(document.text, name)


def _declared(
    document: Document, options: Options, body: Body, source: Source
) -> tuple[Mapping[str, Variable], Mapping[str, tuple[Expr, Source]]]:
    """Give the variables and locals of the project file, and those of the document itself."""
    found = declarations.variables(body, source)
    definitions = declarations.definitions(body, source)
    project = options.declared
    if project is None or project.path == document.path:
        return found, definitions
    above, there = _parsed(project)
    shared, globals_ = declarations.variables(above, there), declarations.definitions(above, there)
    for name, variable in found.items():
        if name in shared:
            what = f"the variable {name} is declared in the project file already"
            raise source.error(what, variable.span, f"at {there.where(shared[name].span)}")
    for name, (expr, _) in definitions.items():
        if name in globals_:
            what = f"the local value {name} is defined in the project file already"
            raise source.error(what, expr.span, f"at {there.where(globals_[name][0].span)}")
    return {**shared, **found}, {**globals_, **definitions}
