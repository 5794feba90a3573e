# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.crypto.ed25519 import Key
from answerable.errors import Refused
from answerable.labels.identity import ALGORITHMS, Labeller, create_key, load_key
from answerable.marks.signature import algorithm_of


@pytest.mark.parametrize("algorithm", list(ALGORITHMS))
def test_a_key_of_each_algorithm_is_kept_and_found_again(algorithm: str, tmp_path: Path) -> None:
    made = create_key(tmp_path / "label.key", algorithm)
    found = load_key(tmp_path / "label.key")
    assert type(found) is type(made)
    assert found.public == made.public
    assert algorithm_of(found) == ALGORITHMS[algorithm]
    with pytest.raises(Refused):
        create_key(tmp_path / "label.key", algorithm)


def test_a_key_of_another_purpose_labels_nothing(tmp_path: Path) -> None:
    Key.generate().save(tmp_path / "log.key", purpose="log")
    (tmp_path / "none.key").write_bytes(b"purpose: label\nno key\n")
    (tmp_path / "none.key").chmod(0o600)
    for name in ("log.key", "none.key", "missing.key"):
        with pytest.raises(Refused) as caught:
            load_key(tmp_path / name)
        assert caught.value.code == "log.key"


def test_no_key_is_shown() -> None:
    by = Labeller("001191350100M000100Y431ABCD", Key.generate())
    assert repr(by) == "Labeller(001191350100M000100Y431ABCD)"
