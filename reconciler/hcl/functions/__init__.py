"""Terraform's functions, as far as they are pure: `call("upper", ["a"])`; by the name `core::upper` too."""

from __future__ import annotations

from reconciler.hcl.functions.registry import LAZY, REFUSED, TABLE, call, check, names
from reconciler.hcl.functions.signatures import Context, Renderer

__all__ = ["LAZY", "REFUSED", "TABLE", "Context", "Renderer", "call", "check", "names"]
