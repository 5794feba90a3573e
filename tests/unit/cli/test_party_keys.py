# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.cli.party_keys import PartyCard, find, read, write
from answerable.crypto.ed25519 import Key
from answerable.errors import Refused


def test_a_card_is_found_by_its_party_and_use(tmp_path: Path) -> None:
    card = PartyCard("k" * 32, "p" * 32, "registrar", Key.generate())
    path = write(tmp_path / "keys", card)
    assert path.with_suffix(".key").stat().st_mode & 0o777 == 0o600
    assert read(path).key.public == card.key.public
    assert find(tmp_path / "keys", "p" * 32).kid == card.kid
    assert find(tmp_path / "keys", "p" * 32, "registrar").signer.kid == card.kid
    for party, use in (("q" * 32, ""), ("p" * 32, "party")):
        with pytest.raises(Refused, match=r"party\.no_key"):
            find(tmp_path / "keys", party, use)
    path.write_text("{}")
    with pytest.raises(Refused, match=r"admin\.no_key"):
        read(path)
