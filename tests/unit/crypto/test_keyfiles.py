# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from answerable.crypto import keyfiles
from answerable.errors import Refused

PRIVATE = Ed25519PrivateKey.from_private_bytes(b"\x05" * 32)


def test_what_was_written_is_read_with_its_purpose_alone(tmp_path: Path) -> None:
    keyfiles.write(tmp_path / "k", "witness", PRIVATE)
    found = keyfiles.read(tmp_path / "k", "witness")
    assert isinstance(found, Ed25519PrivateKey)
    assert found.private_bytes_raw() == b"\x05" * 32
    assert (tmp_path / "k").read_bytes().startswith(b"purpose: witness\n-----BEGIN PRIVATE KEY-----\n")
    with pytest.raises(Refused) as caught:
        keyfiles.read(tmp_path / "k", "log")
    assert (caught.value.code, caught.value.params["detail"]) == ("log.key", "its purpose is not log")


def test_nothing_is_overwritten_and_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused, match="usable"):
        keyfiles.write(tmp_path / "link", "log", PRIVATE)
    assert not (tmp_path / "elsewhere").exists()


def test_others_may_not_read_it(tmp_path: Path) -> None:
    keyfiles.write(tmp_path / "k", "log", PRIVATE)
    (tmp_path / "k").chmod(0o604)
    with pytest.raises(Refused, match="604"):
        keyfiles.read(tmp_path / "k", "log")


@pytest.mark.parametrize("text", [b"", b"purpose: log\n", b"purpose: log\n" + b"x" * keyfiles.MAX_KEY_FILE, b"\xff"])
def test_what_is_no_key_file(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "k").touch(mode=0o600)
    (tmp_path / "k").write_bytes(text)
    with pytest.raises(Refused):
        keyfiles.read(tmp_path / "k", "log")


def test_a_key_that_is_pem_already_is_kept_under_the_same_rules(tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    keyfiles.write_pem(path, "label", b"-----BEGIN PRIVATE KEY-----\n")
    assert path.stat().st_mode & 0o777 == 0o600
    assert keyfiles.read_pem(path, "label") == b"-----BEGIN PRIVATE KEY-----\n"
    with pytest.raises(Refused):
        keyfiles.write_pem(path, "label", b"other")
    with pytest.raises(Refused):
        keyfiles.read_pem(path, "log")
    with pytest.raises(Refused, match=r"log\.key"):
        keyfiles.private(b"no key", path)
    path.chmod(0o644)
    with pytest.raises(Refused):
        keyfiles.read_pem(path, "label")
