"""The resolver over one state, read once, when somebody first asks."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.plugin import (
    Address,
    ConfigError,
    Context,
    NotFound,
    ResolveError,
    Source,
    Unavailable,
    Value,
)
from reconciler_tfstate import addresses, answers, encryptions, laters, states
from reconciler_tfstate.addresses import Call, Output, Reference
from reconciler_tfstate.configs import Settings
from reconciler_tfstate.laters import LATER, Later
from reconciler_tfstate.locations import Location, Missing
from reconciler_tfstate.places import Found
from reconciler_tfstate.states import State

if TYPE_CHECKING:
    from reconciler_tfstate.children import Children
    from reconciler_tfstate.planned import Plan

_TRIES: Final = 4  # as many as `resolve` makes for one address
_WAIT = "wait until that has finished, and run again; terraform force-unlock, where nobody is at it any more"


class StateResolver:
    """Answers addresses from one state. A failure to read it stands, one that may pass the fourth time.

    Who waits while another reads the state shares what comes of it, so that however many addresses are asked for, a
    server that fails is asked no more often than for one.
    """

    def __init__(self, context: Context, settings: Settings) -> None:
        """Remember where the state is; nothing is read."""
        self._context = context
        self._settings = settings
        self._lock = threading.Lock()
        self._read: State | ResolveError | None = None
        self._failures: list[Unavailable] = []  # those that may pass
        self._children: Children | None = None
        self._plan: Plan | None = None

    def lookup(self, address: Address, /) -> Value:
        """Give the value at an address."""
        try:
            reference = addresses.parse(address.path)
            found, called = Found(address.path, LATER), False
            self._check(reference)
            state = self._state(address)
            with suppress(Later):
                found, called = self._answer(state, reference)
        except ConfigError as error:
            raise NotFound(error.what, hint=error.hint, address=str(address)) from None
        except ResolveError as error:
            raise replace(error, address=str(address)) from None
        except RecursionError:
            what = "what the state holds there is nested too deeply"
            raise Unavailable(what, address=str(address)) from None
        source = state.source
        if self._plan is not None and (called or self._plan.tells(reference)):
            from reconciler_tfstate import planned  # few lookups are laid over by a plan

            source = planned.source(self._plan, state, address.path)
        if self._plan is None and not called:
            return Value(found.data, found.sensitive, source=source)
        data, lacking = laters.parted(found.data)
        later = tuple(path for path, error in lacking if error is None)
        failures = tuple((path, error) for path, error in lacking if error is not None)
        if () in later:
            return Value(None, unknown=True, source=source)
        if failures and not failures[0][0]:
            raise replace(failures[0][1], address=str(address))
        return Value(data, found.sensitive, source=source, unknown_paths=later, failures=failures)

    def addresses(self, prefix: str, /) -> Iterable[str]:
        """Give the addresses of outputs and resource instances, and of outputs of modules where these are known.

        Below one that the prefix holds whole its attributes are given.
        """
        state = self._state(Address("", prefix))
        from reconciler_tfstate import completions  # a run that completes nothing does without

        found = {*answers.listing(state, prefix), *completions.members(state, prefix)}
        if not self._settings.outputs_only and (folder := self._settings.home(self._context)) is not None:
            found.update(completions.outputs(state, folder, self._context.environ))
        return sorted(address for address in found if address.startswith(prefix))

    def _answer(self, state: State, reference: Reference) -> tuple[Found, bool]:
        """Give what stands at a reference, and whether it was computed."""
        target = reference.target
        if answers.holds(state, target) or (folder := self._settings.home(self._context)) is None:
            return answers.answer(state, reference), False
        children = self._modules(state, folder)
        if isinstance(target, Call):
            return children.answer(reference), True
        if (call := addresses.as_call(reference)) is not None:
            # What the state does not hold may be an attribute of an output, `module.vpc.config.name`.
            declared = False
            with suppress(ResolveError):  # then it is a resource that is not there
                declared = children.declares(call)
            if declared:
                return children.answer(call), True
        from reconciler_tfstate import absences  # few addresses lead nowhere

        if (absent := absences.found(children, state, target)) is not None:
            return answers.follow(absent, reference.steps, reference.query), True
        return answers.answer(state, reference), False

    def _modules(self, state: State, folder: Path) -> Children:
        with self._lock:
            if self._children is None:
                from reconciler_tfstate import directories  # most addresses are in the state itself
                from reconciler_tfstate.children import Children

                environ, settings = self._context.environ, self._settings
                self._children = Children(
                    state,
                    folder,
                    workspace=directories.chosen(settings.workspace, environ, folder),
                    environ=environ,
                    files=settings.var_files,
                    planned=self._plan,
                )
            return self._children

    def _check(self, reference: Reference) -> None:
        if self._settings.outputs_only and not isinstance(reference.target, Output):
            raise NotFound(
                "only outputs of this state may be referred to, because outputs_only is set",
                hint="output.NAME, or leave outputs_only out of the plugin's config",
            )

    def _state(self, address: Address) -> State:
        before = len(self._failures)
        with self._lock:
            if self._read is None and len(self._failures) > before:
                raise self._failures[-1]
            if self._read is None:
                try:
                    self._read = self._fetch(address)
                except ResolveError as error:
                    if isinstance(error, Unavailable) and error.retry_after is not None:
                        self._failures.append(error)
                        if len(self._failures) < _TRIES:
                            raise
                        error = replace(error, retry_after=None)  # nobody is to wait any more
                    self._read = error
        if isinstance(self._read, State):
            return self._read
        raise self._read

    def _fetch(self, address: Address) -> State:
        if self._settings.plan is None:
            return self._stored(address)
        from reconciler_tfstate import planned

        self._plan = planned.read(self._context.root / self._settings.plan)
        return planned.overlay(self._stored(address, empty=self._plan.source), self._plan)

    def _stored(self, address: Address, empty: Source | None = None) -> State:
        """Read the state; give an empty one in place of one that is not there, where it may be."""
        location = self._settings.locate(self._context)
        try:
            stored = location.read(self._context, address)
        except Missing as error:
            if empty is not None:
                return State(empty, {}, {})
            raise self._absent(error, location) from None
        if isinstance(stored, State):
            return stored
        decrypt = partial(
            encryptions.opened, name=location.name, context=self._context, passphrases=self._passphrases
        )
        try:
            state = states.read(stored, location.name, decrypt)
        except Unavailable as error:
            if error.retry_after is None or (holder := location.lock(self._context)) is None:
                raise
            what = f"the state {location.name} is being written by {holder}"
            raise Unavailable(what, hint=_WAIT, retry_after=error.retry_after) from None
        return replace(state, resources={}) if self._settings.outputs_only else state

    def _absent(self, error: Missing, location: Location) -> ResolveError:
        if self._settings.optional:
            hint = "run terraform apply; optional: true in the plugin's config lets the state be absent until then"
            return NotFound(f"{error.what}, so it holds nothing yet", hint=hint)
        holder = location.lock(self._context)
        if holder is None:
            return Unavailable(error.what, hint=error.hint)
        return Unavailable(f"{error.what} yet: it is locked by {holder}", hint=_WAIT)

    def _passphrases(self) -> Iterator[str]:
        """Give what may open an encrypted state, in the order in which it is tried."""
        environ, settings = self._context.environ, self._settings
        if settings.passphrase_env and environ.get(settings.passphrase_env):
            yield environ[settings.passphrase_env]
        yield from encryptions.named(environ)
        if settings.folder is not None:
            from reconciler_tfstate import directories  # few states are encrypted
            from reconciler_tfstate.modules import Module

            workspace = directories.chosen(settings.workspace, environ)
            folder = self._context.root / settings.folder
            yield from Module(folder, workspace, environ, settings.var_files).passphrases()
