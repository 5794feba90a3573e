# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import argparse
import io
from pathlib import Path

import pytest

from answerable.cli import where
from answerable.cli.where import demo_store, place, read_bytes, settings, write_bytes
from answerable.errors import Refused, Unavailable


def args(**given: str) -> argparse.Namespace:
    return (
        argparse.Namespace(store=None, config=None, **given)
        if not given
        else argparse.Namespace(**{"store": None, "config": None, **given})
    )


def test_the_named_store_comes_first(tmp_path: Path) -> None:
    env = {"XDG_DATA_HOME": str(tmp_path), "ANSWERABLE_STORE_PATH": "/elsewhere"}
    assert place(args(store="/named"), env).store == Path("/named")
    assert place(args(), env).store == Path("/elsewhere")


def test_the_demo_is_taken_only_where_there_is_nothing_else(tmp_path: Path) -> None:
    env = {"XDG_DATA_HOME": str(tmp_path)}
    assert place(args(), env).store == tmp_path / "answerable"
    demo_store(env).mkdir()
    assert place(args(), env).store == tmp_path / "answerable-demo"
    (tmp_path / "answerable").mkdir()
    assert place(args(), env).store == tmp_path / "answerable"


def test_our_own_variables_are_no_settings(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text("[gateway]\nport = 9\n")
    env = {"ANSWERABLE_CONFIG": str(file), "ANSWERABLE_AS": "x", "ANSWERABLE_LANG": "zh", "ANSWERABLE_DEBUG": "1"}
    assert settings(args(), env).config.gateway.port == 9
    assert settings(args(), env, {"gateway.port": 10}).config.gateway.port == 10


def test_a_store_without_trust_is_none(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as missing:
        place(args(store=str(tmp_path)), {}).origin()
    assert (missing.value.code, missing.value.exit) == ("admin.no_store", 4)


def test_files_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "f"
    write_bytes(str(file), b"12345")
    assert read_bytes(str(file), 5) == b"12345"
    with pytest.raises(Refused, match=r"request\.too_large"):
        read_bytes(str(file), 4)
    with pytest.raises(Unavailable, match=r"admin\.file"):
        read_bytes(str(tmp_path), 4)
    with pytest.raises(Unavailable, match=r"admin\.file"):
        write_bytes(str(tmp_path / "no" / "f"), b"")
    monkeypatch.setattr("sys.stdin", argparse.Namespace(buffer=io.BytesIO(b"in")))
    assert read_bytes("-", 4) == b"in"
    assert where.TRUST == "trust.txt"
