# SPDX-License-Identifier: Apache-2.0
"""House rule 4: the kernel is sans-io. The lint contract reads imports; this one reads calls."""

from __future__ import annotations

import ast
import tomllib

from tests.house.tree import ROOT, modules, room, short, syntax

# config.py reads its own file and the environment: it is the edge, and stands low so that all may name its types.
KERNEL = {
    "pipeline", "registry", "policy", "tools", "stops", "redlines", "marks", "verify", "warrants", "privacy",
    "ports", "log", "admission", "crypto", "model", "errors",
}  # fmt: skip
CALLS = {
    "open", "input", "print",
    "asyncio.open_connection", "asyncio.start_server", "asyncio.open_unix_connection", "asyncio.start_unix_server",
    "asyncio.to_thread", "asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell",
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today",
    "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.date.today",
    "os.open", "os.read", "os.write", "os.environ.get", "os.getenv",
}  # fmt: skip
METHODS = {
    "read_text",
    "write_text",
    "read_bytes",
    "write_bytes",
    "create_connection",
    "create_server",
    "run_in_executor",
}
# Key files are read and written by the one module that knows their rules (mode 600, one purpose); the tables of tiers,
# duties and domains are data of the package itself.
ALLOWED = {
    "registry": {"read_text"},
    "redlines": {"read_text"},
    "policy": {"read_text"},
    "tools": {"read_text"},
    "crypto": {"os.open", "os.read", "os.write", "read_text", "read_bytes", "write_text", "write_bytes", "open"},
}


def name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{name(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def test_the_kernel_calls_no_clock_and_no_io() -> None:
    wrong = []
    for path in modules():
        if room(path) not in KERNEL:
            continue
        allowed = ALLOWED.get(room(path), set())
        for node in ast.walk(syntax(path)):
            if not isinstance(node, ast.Call):
                continue
            called = name(node.func)
            last = called.rpartition(".")[2]
            forbidden = called in CALLS or (last in METHODS and isinstance(node.func, ast.Attribute))
            if forbidden and not {called, last} & allowed:
                wrong.append(f"{short(path)}:{node.lineno}: {called}")
    assert not wrong, "\n".join(wrong)


def test_the_lint_contract_names_every_room_of_the_kernel() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    contract = next(c for c in settings["contracts"] if c["id"] == "kernel")
    named = {module.removeprefix("answerable.") for module in contract["source_modules"]}
    there = {room(path) for path in modules()} & KERNEL
    assert named == there
