# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.crypto.b64 import b64u, unb64u
from tests.unit.control.house import House


def test_a_holder_learns_whose_word_to_take(house: House) -> None:
    told = house.get("/pins")
    assert told["origin"] == house.core.origin
    assert told["issuers"] == {house.services.issuer.kid: b64u(house.services.issuer.public)}
    officers = {admin.rid: admin.key for admin in house.core.book.admins() if "officer" in admin.roles}
    assert told["officers"] == officers
    assert len(officers) >= 2
    assert all(len(unb64u(key)) == 32 for key in told["issuers"].values())
    assert (told["pulses"], told["authorities"], told["planes"]) == ({}, {}, [])
