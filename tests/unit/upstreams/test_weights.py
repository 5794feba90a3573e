# SPDX-License-Identifier: Apache-2.0
import hashlib
import stat
from pathlib import Path

import pytest

from answerable.errors import Unavailable
from answerable.upstreams import weights
from answerable.upstreams.weights import SMOLLM2, Weights, cache_directory, locate, obtain, sha256_of, verify

CONTENT = b"weights" * 1000
TOY = Weights("toy", "no-such-toy", "1", "no_such_toy/w.gguf", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), "MIT")


def test_the_digest_of_the_design_note() -> None:
    assert SMOLLM2.sha256.startswith("b179c9523d0e")
    assert SMOLLM2.sha256.endswith("70ea373728110db53")
    assert SMOLLM2.digest == "sha256:" + SMOLLM2.sha256


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w"
    path.write_bytes(CONTENT)
    assert verify(path, TOY) == path
    path.write_bytes(CONTENT[:-1] + b"x")
    with pytest.raises(Unavailable) as caught:
        verify(path, TOY)
    assert caught.value.code == "upstream.weights"
    assert caught.value.params["found"] == sha256_of(path)
    with pytest.raises(Unavailable):
        verify(tmp_path / "nothing", TOY)


def test_what_is_in_the_cache_is_verified_and_used(tmp_path: Path) -> None:
    assert locate(TOY, tmp_path) is None
    place = tmp_path / f"{TOY.sha256[:16]}-w.gguf"
    place.write_bytes(CONTENT)
    assert obtain(TOY, tmp_path) == place
    place.write_bytes(b"other")
    with pytest.raises(Unavailable):
        obtain(TOY, tmp_path)


def test_what_the_index_gives_is_verified_before_it_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = CONTENT

    def unpack(which: Weights, folder: Path) -> None:
        (folder / "no_such_toy").mkdir()
        (folder / which.member).write_bytes(given)

    monkeypatch.setattr(weights, "_unpack", unpack)
    said: list[str] = []
    path = obtain(TOY, tmp_path, said.append)
    assert path.read_bytes() == CONTENT
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert said
    path.unlink()
    given = b"poison"
    with pytest.raises(Unavailable):
        obtain(TOY, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_installer_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "_installer", lambda _: ["sh", "-c", "echo no such thing >&2; exit 2"])
    with pytest.raises(Unavailable) as caught:
        obtain(TOY, tmp_path)
    assert caught.value.code == "upstream.weights_unavailable"
    assert caught.value.params["detail"] == "no such thing"


def test_the_cache_is_the_user_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_directory() == tmp_path / "answerable" / "weights"
    assert stat.S_IMODE(cache_directory().stat().st_mode) == 0o700
