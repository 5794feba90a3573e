# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.model.attestations import Attested, key


def test_the_newest_of_its_type_for_its_system() -> None:
    assert key("rid", "urn:x") == "rid:urn:x"
    row = Attested(rid="r", system="s", predicate="urn:x", digest="sha256:0", by="b", at=1, expires=2)
    assert msgspec.json.decode(msgspec.json.encode(row), type=Attested) == row
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"rid":"r"}', type=Attested)
