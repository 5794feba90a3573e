# SPDX-License-Identifier: Apache-2.0
"""House rule 8: small and mirrored; each file names its licence; nothing names a registry host or a machine's path."""

from __future__ import annotations

import re
import statistics
from pathlib import Path

from tests.house.tree import ROOT, SOURCE, files, modules, short, syntax

LINE = "SPDX-License-Identifier: Apache-2.0"
MEDIAN_LINES = 180  # a module that is read in one sitting
MAX_LINES = 500

# Assembled from parts, so that this file does not contain what it forbids.
HOSTS = tuple(
    ".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("debian", "org"))
)
FOLDERS = "|".join(("work", "root", "tmp"))
MACHINE_PATH = re.compile(rf"(?<![\w./+-])/(?:{FOLDERS})/\w")


def test_each_module_has_its_mirrored_test() -> None:
    bare = []
    for path in modules():
        if path.name == "__init__.py":
            continue
        inner = path.relative_to(SOURCE)
        mirror = ROOT / "tests" / "unit" / inner.parent / f"test_{inner.name}"
        if not mirror.is_file() or "assert" not in mirror.read_text(encoding="utf-8") + _raises(mirror):
            bare.append(f"{short(path)}: no {short(mirror)}")
    assert not bare, "\n".join(bare)


def _raises(path: Path) -> str:
    return "assert" if "pytest.raises" in path.read_text(encoding="utf-8") else ""


def test_modules_are_small() -> None:
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    large = [f"{short(path)}: {size}" for path, size in sizes.items() if size > MAX_LINES]
    assert not large, "\n".join(large)
    assert statistics.median(sizes.values()) <= MEDIAN_LINES


MARK = re.compile(r"#\s*(?:noqa|type:\s*ignore)\b(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*|\[[\w,\s-]+\])?")


def test_what_a_checker_is_told_to_pass_over_says_why() -> None:
    silent = []
    for path in modules():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            marks = list(MARK.finditer(line))
            if marks and not re.search(r"\w{2}", line[marks[-1].end() :]):
                silent.append(f"{short(path)}:{number}: {line.strip()}")
    assert not silent, "\n".join(silent)


def test_each_module_says_what_it_is() -> None:
    silent = [short(path) for path in modules() if not _docstring(path)]
    assert not silent, "no docstring: " + ", ".join(silent)


def _docstring(path: Path) -> str:
    import ast

    return ast.get_docstring(syntax(path)) or ""


def test_each_written_file_names_its_licence() -> None:
    """Programs and build files; first line, or the second after `#!`."""
    missing = []
    for path in files():
        if path.suffix in {".py", ".sh"} or path.name == "Makefile" or path.parent.name in {".ci", "tools"}:
            if path.suffix == ".pyc":
                continue
            head = path.read_text(encoding="utf-8").splitlines()[:2]
            if not head or (LINE not in head[0] and not (head[0].startswith("#!") and LINE in head[-1])):
                missing.append(short(path))
    assert not missing, "no licence line: " + ", ".join(missing)


def test_no_file_names_a_registry_host_or_a_machines_path() -> None:
    wrong = []
    for path in files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if any(host in line for host in HOSTS) or MACHINE_PATH.search(line):
                wrong.append(f"{short(path)}:{number}: {line.strip()[:100]}")
    assert not wrong, "\n".join(wrong)


def test_locks_hold_a_hash_for_each_package() -> None:
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        if lock.name == "system.txt":
            continue
        entries = re.split(r"\n(?=[A-Za-z0-9])", lock.read_text(encoding="utf-8"))
        pinned = [entry for entry in entries if re.match(r"[A-Za-z0-9][\w.\-\[\],]*==", entry)]
        assert pinned, lock.name
        assert all("--hash=sha256:" in entry for entry in pinned), lock.name
        assert "://" not in lock.read_text(encoding="utf-8"), lock.name
