# SPDX-License-Identifier: Apache-2.0
"""The repository as the house rules see it: its files, its modules, their syntax trees."""

from __future__ import annotations

import ast
import functools
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "answerable"


@functools.cache
def files() -> tuple[Path, ...]:
    """Files that are committed or would be: what git ignores is left out."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=30,
    )
    paths = (ROOT / name for name in listing.stdout.decode().split("\0") if name)
    return tuple(sorted(p for p in paths if p.is_file()))


@functools.cache
def modules() -> tuple[Path, ...]:
    """Modules of the package."""
    found = tuple(p for p in files() if p.suffix == ".py" and p.is_relative_to(SOURCE))
    assert len(found) > 20, "the package was not found"
    return found


@functools.cache
def syntax(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def dotted(path: Path) -> str:
    """``answerable.log.leaf`` for its file."""
    parts = path.relative_to(ROOT / "src").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(path: Path) -> str:
    """The top-level package or module under ``answerable`` that a file belongs to."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))
