# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.app import rosters, signing
from answerable.cli.party_keys import PartyCard, write
from answerable.crypto.b64 import unb64u
from answerable.errors import Refused
from answerable.log import roster, statement
from answerable.model.terms import OrderKind, Scope
from tests.small_log import a_rid, key

ORIGIN = "x.invalid"


def an_order() -> signing.Signing:
    return signing.order(
        ORIGIN, kind=OrderKind.SUSPEND, root=a_rid("sys"), scope=Scope.SYSTEM, reason="by law", count=3
    )


def test_an_authority_and_an_owner_sign_one_after_the_other(tmp_path: Path) -> None:
    rosters.make_authority(str(tmp_path), "A", 1, 1)
    card = write(tmp_path, PartyCard(a_rid("party key"), a_rid("party"), "party", key("party")))
    made = an_order().signed([str(tmp_path / "authority-1.key")])
    file = tmp_path / "o.json"
    file.write_bytes(made.encoded())
    whole = signing.read(str(file)).signed([str(card), str(card)])
    assert whole.shown()["keys"][1:] == [a_rid("party key")]
    own = rosters.load(str(tmp_path / "authority-1.key")).public
    assert whole.shown()["keys"][0] == roster.key_id(own)
    for sig, public in zip(whole.leaf.sigs, (own, key("party").public), strict=True):
        statement.verify(whole.leaf, ORIGIN, sig, public)
    assert whole.body()["count"] == 3
    assert len(unb64u(whole.salt)) == 32


def test_a_release_has_no_message_and_a_stray_file_is_none(tmp_path: Path) -> None:
    made = signing.release(ORIGIN, a_rid("order"))
    assert not made.is_order
    assert set(made.body()) == {"release"}
    with pytest.raises(Refused, match=r"admin\.request"):
        made.message()
    (tmp_path / "x.json").write_text('{"origin": "x"}')
    for name in ("x.json", "none.json"):
        with pytest.raises(Refused, match=r"admin\.request"):
            signing.read(str(tmp_path / name))
    (tmp_path / "card.json").write_text("{}")
    with pytest.raises(Refused, match=r"admin\.no_key"):
        made.signed([str(tmp_path / "card.json")])
