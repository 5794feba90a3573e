# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import json
import resource
from datetime import date
from pathlib import Path

import pytest

from answerable.labels.rules import worker
from answerable.labels.rules.checking import check_label
from tests.unit.labels.rules.files import TRUST, labelled, noise

DAY = date(2026, 11, 22)


def answers(*paths: Path | str, ai: bool = False) -> list[dict]:  # type: ignore[type-arg]
    task = worker.task(TRUST, "eu", ai=ai, deployer=False, on=DAY)
    lines = [json.dumps(each) for each in (task, *map(str, paths))]
    out = io.StringIO()
    worker.main(io.StringIO("\n".join(lines) + "\n"), out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_what_it_finds_is_what_the_library_finds(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(labelled())
    (tmp_path / "b.png").write_bytes(noise())
    one, other, none = answers(tmp_path / "a.png", tmp_path / "b.png", tmp_path / "c.png", ai=True)
    assert worker.heard(one, "eu") == check_label(labelled(), "eu", trust=TRUST, ai=True, on=DAY)
    assert worker.heard(other, "eu") == check_label(noise(), "eu", trust=TRUST, ai=True, on=DAY)
    assert worker.heard(none, "eu").code == "label.source"


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "\udcff.png"
    path.write_bytes(noise())
    (found,) = answers(path)
    assert found["format"] == "png"


def test_memory_that_runs_out_is_one_file_s(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(worker, "check_label", full)
    found = worker.heard(answers("x")[0], "eu")
    assert (found.verdict, found.code) == ("inconclusive", "format.oversized")


def test_memory_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    set_: list[tuple[int, tuple[int, int]]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, 1 << 40))
    monkeypatch.setattr(resource, "setrlimit", lambda kind, value: set_.append((kind, value)))
    worker.bounded()
    assert set_ == [(resource.RLIMIT_DATA, (worker.MEMORY, 1 << 40))]
