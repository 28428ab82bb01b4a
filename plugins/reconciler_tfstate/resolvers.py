"""The resolver over one state, read once, when somebody first asks."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace

from reconciler.plugin import Address, ConfigError, Context, NotFound, ResolveError, Unavailable, Value
from reconciler_tfstate import addresses, answers, states
from reconciler_tfstate.locations import Location, Missing
from reconciler_tfstate.states import State


class StateResolver:
    """Answers addresses from one state. A failure to read it stands, unless another look may help."""

    def __init__(self, context: Context, location: Location, *, optional: bool) -> None:
        """Remember where the state is; nothing is read."""
        self._context = context
        self._location = location
        self._optional = optional
        self._lock = threading.Lock()
        self._read: State | ResolveError | None = None

    def lookup(self, address: Address, /) -> Value:
        """Give the value at an address."""
        try:
            reference = addresses.parse(address.path)
            state = self._state(address)
            found = answers.answer(state, reference)
        except ConfigError as error:
            raise NotFound(error.what, hint=error.hint, address=str(address)) from None
        except ResolveError as error:
            raise replace(error, address=str(address)) from None
        except RecursionError:
            what = f"what the state {self._location.name} holds there is nested too deeply"
            raise Unavailable(what, address=str(address)) from None
        return Value(found.data, found.sensitive, source=state.source)

    def addresses(self, prefix: str, /) -> Iterable[str]:
        """Give the addresses of outputs and resource instances."""
        state = self._state(Address("", prefix))
        return sorted(address for address in answers.listing(state) if address.startswith(prefix))

    def _state(self, address: Address) -> State:
        with self._lock:
            if self._read is None:
                try:
                    self._read = self._fetch(address)
                except ResolveError as error:
                    if isinstance(error, Unavailable) and error.retry_after is not None:
                        raise
                    self._read = error
        if isinstance(self._read, State):
            return self._read
        raise self._read

    def _fetch(self, address: Address) -> State:
        try:
            data = self._location.read(self._context, address)
        except Missing as error:
            if not self._optional:
                raise Unavailable(error.what, hint=error.hint) from None
            hint = "run terraform apply; optional: true in the plugin's config lets the state be absent until then"
            raise NotFound(f"{error.what}, so it holds nothing yet", hint=hint) from None
        return states.read(data, self._location.name)
