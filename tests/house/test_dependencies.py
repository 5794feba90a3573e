# SPDX-License-Identifier: Apache-2.0
"""Every dependency is named with its reason and licence, locked, and nothing undeclared is imported."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

from tests.house.tree import ROOT, files, modules, short, syntax

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Names that are ours wherever tests and tools import one another.
OWN = {"answerable", "tests", "tools", "benchmarks", "examples", "fuzz", "driving"}
# What is installed in an environment of its own, and is called otherwise when it is imported.
ELSEWHERE = {
    "agents": ["openai-agents"],
    "agent_framework": ["agent-framework-core"],
    "pydantic_ai": ["pydantic-ai-slim"],
}


def named(lines: list[str]) -> set[str]:
    return {match[0].lower().replace("_", "-") for line in lines if (match := NAME.match(line))}


def package() -> set[str]:
    extras = [line for lines in PROJECT["project"]["optional-dependencies"].values() for line in lines]
    return named(PROJECT["project"]["dependencies"] + extras) - {"answerable"}  # an extra of extras names the package


def development() -> set[str]:
    return named([line for lines in PROJECT["dependency-groups"].values() for line in lines])


def test_the_page_names_each_dependency_with_reason_and_licence() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("| ")
    ]
    listed = {row[0]: row for row in rows if row[0] not in {"package", "---"}}
    assert set(listed) == package() | development()
    assert all(all(cells) for cells in listed.values())


def test_each_dependency_is_locked() -> None:
    locks = (path.read_text(encoding="utf-8") for path in (ROOT / "requirements").rglob("*.txt"))
    locked = {name.lower() for lock in locks for name in re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==", lock, re.MULTILINE)}
    assert package() | development() <= locked


def imported(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - OWN - {"__future__"}


def test_what_is_imported_is_declared() -> None:
    distributions = packages_distributions()
    source = set(modules())
    wrong = []
    for path in (path for path in files() if path.suffix == ".py"):
        allowed = package() if path in source else package() | development()
        for name in sorted(imported(syntax(path))):
            homes = {home.lower().replace("_", "-") for home in distributions.get(name, ELSEWHERE.get(name, [name]))}
            if path in source and name == "uv":
                continue  # asked for where it is, never required
            if not homes & allowed and "opentelemetry-api" not in homes:
                wrong.append(f"{short(path)}: {name}")
    assert not wrong, "\n".join(wrong)
