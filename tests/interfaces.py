# SPDX-License-Identifier: Apache-2.0
"""What is asked of each module of ports: interfaces alone, each with its contract beside it (house rule 3)."""

from __future__ import annotations

import ast
import inspect
from types import ModuleType
from typing import Protocol

from answerable import ports


def contracts(module: ModuleType) -> dict[str, set[str]]:
    """The Protocols of `module` with their members. Asserts that each says what it is, has no bodies, and is had from
    `answerable.ports`."""
    found = {
        name: value
        for name, value in vars(module).items()
        if inspect.isclass(value) and getattr(value, "_is_protocol", False) and value.__module__ == module.__name__
    }
    members = {}
    for name, port in found.items():
        assert Protocol in port.__mro__, port
        assert (port.__doc__ or "").strip(), f"{name} does not say what it is"
        assert getattr(ports, name) is port
        assert name in ports.__all__
        (node,) = (n for n in ast.parse(inspect.getsource(module)).body if getattr(n, "name", "") == name)
        assert isinstance(node, ast.ClassDef)
        members[name] = _members(node)
        for member in node.body:
            if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef):
                (only,) = member.body
                assert isinstance(only, ast.Expr), f"{name}.{member.name} has a body"
                assert isinstance(only.value, ast.Constant), f"{name}.{member.name} has a body"
    return members


def _members(node: ast.ClassDef) -> set[str]:
    fields = {n.target.id for n in node.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)}
    return fields | {n.name for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
