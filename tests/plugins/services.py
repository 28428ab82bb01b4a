"""Fakes of AWS services for the tests of small resolvers, and their functions called as a template calls them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from reconciler.core.references import Function
from reconciler.plugin import Address, AwsClient, Config, Json, ResolverPlugin, Value
from reconciler.testing import FakeAwsClient, FakeContext


class Paging(FakeAwsClient):
    """A client whose paginated operations answer with a list of pages."""

    def pages(self, operation: str, /, **parameters: Any) -> Iterable[dict[str, Any]]:
        """Give the pages one by one."""
        return self._paged(operation, parameters)

    def _paged(self, operation: str, parameters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        for page in self.call(operation, **parameters)["pages"]:
            self.calls.append((f"a page of {operation}", {}))
            yield page


def address(plugin: ResolverPlugin, function: str, *arguments: Json, config: Config | None = None) -> Address:
    """Make an address as a template does."""
    functions: Mapping[str, Callable[..., str]] = {**plugin.functions, **plugin.functions_of(config or {})}
    called = Function.of(function, "x", functions[function])
    assert called.takes(len(arguments))
    return called.address(arguments)


def lookup(
    plugin: ResolverPlugin,
    clients: Mapping[str, AwsClient],
    function: str,
    *arguments: Json,
    config: Config | None = None,
    root: Path = Path(),
) -> Value:
    """Look up what a function is called with."""
    resolver = plugin.open(FakeContext(root, {}, clients), config or {})
    return resolver.lookup(address(plugin, function, *arguments, config=config))
