"""A folder of Terraform's or OpenTofu's configuration: its backend, its variables, its encryption.

Files are ``*.tf``, ``*.tf.json`` and OpenTofu's ``*.tofu``, ``*.tofu.json``, each of which stands in for a file of the
same name without them. ``override.tf`` and ``*_override.tf`` come last, and a backend of theirs replaces any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from reconciler.plugin import Json, Unavailable
from reconciler_tfstate import hcls
from reconciler_tfstate.hcls import Body, Computed

_SUFFIXES = (".tofu.json", ".tofu", ".tf.json", ".tf")
_DEEPEST = 20  # locals that lead to locals

#: What a file must hold to be worth parsing.
_BACKEND = re.compile(rb"\b(?:backend|cloud|state_store)\b")
_ENCRYPTION = re.compile(rb"\bencryption\b")
_VALUES = re.compile(rb"\b(?:variable|locals)\b")


class Declared(NamedTuple):
    """A backend as a file declares it; `type` is ``cloud`` for a block of that name."""

    type: str
    config: Mapping[str, Json]
    origin: str


class Module:
    """A folder of configuration. Nothing is read before it is asked for."""

    def __init__(
        self, folder: Path, workspace: str, environ: Mapping[str, str], files: Sequence[str] = ()
    ) -> None:
        """Remember the folder, the workspace that expressions may name, and further files of variables' values."""
        self._folder = folder
        self._workspace = workspace
        self._environ = environ
        self._files = files
        self._deep = 0

    @cached_property
    def files(self) -> tuple[Path, ...]:
        """Give the files of the configuration, overriding ones last. Unavailable where the folder cannot be read."""
        return files(self._folder)

    def backend(self) -> Declared | None:
        """Give the backend that the files declare; None where they declare none, and the state is local."""
        found: list[tuple[bool, Declared]] = []
        for path, terraform, text in self._terraform(_BACKEND):
            override = _overrides(path.name)
            declared = list(self._declared(path, terraform, text=text))
            if len(declared) > 1 or (declared and not override and any(not before for before, _ in found)):
                raise Unavailable(f"{path} declares a second backend", hint="leave only one of them")
            found += [(override, each) for each in declared]
        return found[-1][1] if found else None

    def passphrases(self) -> Iterator[str]:
        """Give the passphrases of ``key_provider "pbkdf2"`` in ``encryption`` blocks."""
        for _, terraform, text in self._terraform(_ENCRYPTION):
            for encryption in hcls.blocks(terraform, "encryption"):
                yield from passphrases(encryption, self, text=text)

    def scope(self, steps: tuple[str, str]) -> Json:
        """Give the value of ``var.x``, ``local.x``, ``path.module`` or ``terraform.workspace``."""
        match steps:
            case ("terraform", "workspace"):
                return self._workspace
            case ("path", "module" | "root"):
                return "."
            case ("path", "cwd"):
                return str(self._folder)
            case ("var", name):
                return self._variable(name)
            case ("local", name) if name in self._locals:
                if self._deep > _DEEPEST:
                    raise Computed
                self._deep += 1
                try:
                    data, text = self._locals[name]
                    return hcls.value(data, self.scope, text=text)
                finally:
                    self._deep -= 1
        raise Computed

    def _variable(self, name: str) -> Json:
        """Give a variable by Terraform's precedence: files of values, then the environment, then its default."""
        if name in self._assigned:
            return self._assigned[name]
        given = self._environ.get(f"TF_VAR_{name}")
        if given is not None:
            return given
        if name not in self._defaults:
            raise Computed
        data, text = self._defaults[name]
        return hcls.value(data, self.scope, text=text)

    @cached_property
    def _defaults(self) -> Mapping[str, tuple[object, bool]]:
        return {
            label: (block["default"], text)
            for _, body, text in self._bodies(_VALUES)
            for labelled in hcls.blocks(body, "variable")
            for label, block in labelled.items()
            if isinstance(block, dict) and "default" in block
        }

    @cached_property
    def _locals(self) -> Mapping[str, tuple[object, bool]]:
        return {
            key: (data, text)
            for _, body, text in self._bodies(_VALUES)
            for block in hcls.blocks(body, "locals")
            for key, data in block.items()
        }

    @cached_property
    def _assigned(self) -> Mapping[str, Json]:
        """Give the values that files hold."""
        from reconciler.hcl import plains, values  # few backends name a variable
        from reconciler_tfstate import givens

        found = givens.read(self._folder, {}, self._files)
        return {each.name: plains.to_json(values.unmark(each.value)[0]) for each in found}

    def _declared(self, path: Path, terraform: Body, *, text: bool) -> Iterator[Declared]:
        for labelled in hcls.blocks(terraform, "backend"):
            for label, block in labelled.items():
                yield self._evaluated(label, block, path, text=text)
        for block in hcls.blocks(terraform, "cloud"):
            yield self._evaluated("cloud", block, path, text=text)
        for labelled in hcls.blocks(terraform, "state_store"):
            for label in labelled:
                yield Declared("state_store", {}, f"{path} ({label})")

    def _evaluated(self, kind: str, block: object, path: Path, *, text: bool) -> Declared:
        config: dict[str, Json] = {}
        if isinstance(block, list):  # as the JSON form may have it
            block = block[0] if block else None
        for key, data in block.items() if isinstance(block, dict) else ():
            try:
                config[key] = hcls.value(data, self.scope, text=text)
            except Computed:
                raise Unavailable(
                    f"{key} of the backend {kind} in {path} is computed, or a variable without a value",
                    hint="run terraform init, which writes down what it is, or set TF_VAR_… for the variable",
                ) from None
        return Declared(kind, config, str(path))

    def _terraform(self, worth: re.Pattern[bytes]) -> Iterator[tuple[Path, Body, bool]]:
        for path, body, text in self._bodies(worth):
            for block in hcls.blocks(body, "terraform"):
                yield path, block, text

    def _bodies(self, worth: re.Pattern[bytes]) -> Iterator[tuple[Path, Body, bool]]:
        """Parse the files that hold a word; the flag says that strings are templates, as in JSON."""
        for path in self.files:
            if worth.search(_bytes(path)):
                yield path, _parsed(path), path.name.endswith(".json")


def files(folder: Path) -> tuple[Path, ...]:
    """Give the files of a folder's configuration, overriding ones last. Unavailable where it cannot be read."""
    try:
        names = sorted(path.name for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise Unavailable(f"the folder {folder} cannot be read: {error.strerror}") from None
    found: dict[str, str] = {}
    for suffix in _SUFFIXES:  # those of OpenTofu first, so that they win
        kind = suffix.removeprefix(".tofu").removeprefix(".tf")
        for name in names:
            if name.endswith(suffix) and not name.startswith((".", "#")):
                found.setdefault(name.removesuffix(suffix) + kind, name)
    ordered = sorted(found.values(), key=lambda name: (_overrides(name), name))
    return tuple(folder / name for name in ordered)


def passphrases(encryption: object, module: Module | None, *, text: bool = False) -> Iterator[str]:
    """Give the passphrases of an ``encryption`` block's key providers; computed ones are left out."""
    scope = module.scope if module is not None else _no_scope
    for labelled in hcls.blocks(encryption, "key_provider"):
        for label, named in labelled.items():
            if label == "pbkdf2" and isinstance(named, dict):
                for block in named.values():
                    try:
                        found = hcls.value(
                            block.get("passphrase") if isinstance(block, dict) else None, scope, text=text
                        )
                    except Computed:
                        continue
                    if isinstance(found, str):
                        yield found


def _no_scope(_steps: tuple[str, str]) -> Json:
    raise Computed


def _overrides(name: str) -> bool:
    stem = name
    for suffix in _SUFFIXES:
        stem = stem.removesuffix(suffix)
    return stem == "override" or stem.endswith("_override")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}") from None


def _parsed(path: Path) -> Body:
    try:
        text = _bytes(path).decode()
    except UnicodeDecodeError:
        raise Unavailable(f"{path} is not text in UTF-8") from None
    return (hcls.parse_json if path.name.endswith(".json") else hcls.parse)(text, str(path))
