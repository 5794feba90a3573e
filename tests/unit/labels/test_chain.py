# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.crypto.issuing import ES256, issue
from answerable.errors import Refused
from answerable.labels.chain import CHAIN, FILES, KEY, MAX_PEM, PURPOSE, Chain, save

NOW = 1_795_000_000_000


@pytest.mark.parametrize("algorithm", ["ed25519", ES256])
def test_saved_and_loaded(tmp_path: Path, algorithm: str) -> None:
    issued = issue("示例 Ltd", now_ms=NOW, days=30, algorithm=algorithm)
    folder = tmp_path / "a" / "c2pa"
    save(issued, folder)
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    loaded = Chain.load(folder, tsa="http://127.0.0.1:1/tsa")
    assert (loaded.certificates, loaded.algorithm, loaded.organisation) == (issued.leaf, algorithm, "示例 Ltd")
    assert loaded.tsa == "http://127.0.0.1:1/tsa"
    assert len(loaded.sign(b"claim")) == 64
    assert "示例" in repr(loaded)
    assert "sign" not in repr(loaded)


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_ever_replaced(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to(tmp_path / "nowhere")
    with pytest.raises(Refused, match=r"label\.chain"):
        save(issue("a", now_ms=NOW, days=1), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name], "and nothing else was written"


def test_a_key_that_is_not_the_leafs(tmp_path: Path) -> None:
    save(issue("a", now_ms=NOW, days=1), tmp_path)
    (tmp_path / KEY).unlink()
    issue("a", now_ms=NOW, days=1).leaf_key.save(tmp_path / KEY, purpose=PURPOSE)
    with pytest.raises(Refused, match="not the key"):
        Chain.load(tmp_path)
    (tmp_path / KEY).chmod(0o644)
    with pytest.raises(Refused, match=r"log\.key"):
        Chain.load(tmp_path)


def test_what_is_missing_or_no_chain(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"label\.chain"):
        Chain.load(tmp_path)
    for pem in (b"junk", b"a" * (MAX_PEM + 1)):
        (tmp_path / CHAIN).write_bytes(pem)
        with pytest.raises(Refused, match=r"label\.chain"):
            Chain.load(tmp_path)
