# SPDX-License-Identifier: Apache-2.0
"""There is one admission function, and whatever admits calls it: gateway, node, guard, machine, drill."""

from __future__ import annotations

import ast

from tests.house.tree import modules, short, syntax

THE_ONE = "src/answerable/admission/admit.py"
# Who calls it by its own name; all others ask one of these.
DIRECT = {
    "src/answerable/admission/onsite.py",  # a warrant under its envelope
    "src/answerable/app/drill_holders.py",  # holders that simulate
    "src/answerable/guard/standing.py",
    "src/answerable/machines/authority.py",
    "src/answerable/warrants/gate.py",  # gateways, and `app.node_gate` over it
}
# Of the same name, and another thing: a write that waits in line, a binding to an address, the contract itself.
OTHER = {
    "src/answerable/sequencer/writer.py",
    "src/answerable/warrants/desk.py",
    "src/answerable/ports/admitting.py",
    "src/answerable/tools/classes.py",  # a class of a tool
}
NAMES = {"admit", "admits", "_admit", "_admitted", "admitted"}
# What only it may find: no second place compares a warrant with a clock, or stop sets with each other, to admit.
FOUND = {"warrant.expired", "stop.stale"}


def called(node: ast.AST) -> str:
    if isinstance(node, ast.Call):
        func = node.func
        return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
    return ""


def test_one_function_finds_that_a_warrant_is_over() -> None:
    raised: dict[str, set[str]] = {}
    for path in modules():
        for node in ast.walk(syntax(path)):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
                first = node.exc.args[0]
                if isinstance(first, ast.Constant) and first.value in FOUND:
                    raised.setdefault(str(first.value), set()).add(short(path))
    assert raised == {code: {THE_ONE} for code in FOUND}


def test_who_calls_it_is_known() -> None:
    users = {
        short(path)
        for path in modules()
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.ImportFrom)
        and node.module == "answerable.admission.admit"
        and "admit" in {alias.name for alias in node.names}
    }
    assert users == DIRECT


def test_whatever_admits_calls_it() -> None:
    found: list[str] = []
    for path in modules():
        if short(path) in OTHER | {THE_ONE}:
            continue
        for node in ast.walk(syntax(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in NAMES:
                found.append(short(path))
                assert any(called(inner) == "admit" for inner in ast.walk(node)), f"{short(path)}: {node.name}"
    assert {"src/answerable/pipeline/steps.py", "src/answerable/gateway/known.py"} | DIRECT - {
        "src/answerable/app/drill_holders.py"
    } <= set(found)
