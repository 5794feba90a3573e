# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.crypto.b64 import b64u
from answerable.crypto.random import nonce
from answerable.errors import AnswerableError
from answerable.log.statement import to_sign
from answerable.model.leaves import TransferLeaf
from tests.unit.control.house import MAKER, OPERATOR, REGISTRAR, House


def test_a_sale_needs_both_signatures(house: House) -> None:
    book = house.core.book
    seller, seller_kid = house.key_of(MAKER)
    buyer, buyer_kid = house.key_of(OPERATOR)
    old, new = book.party(MAKER), book.party(OPERATOR)
    assert old is not None
    assert new is not None
    base = house.system("base")
    leaf = TransferLeaf(n=nonce(), new=new.rid, old=old.rid, role="provider", sigs=[], sys=base.rid, t=0)
    text = to_sign(leaf, "demo.invalid")
    body = {
        "system": base.rid, "role": "provider", "old": MAKER, "new": OPERATOR, "nonce": leaf.n,
        "old_key": seller_kid, "old_signature": b64u(seller.sign(text)),
        "new_key": buyer_kid, "new_signature": b64u(seller.sign(text)),
    }  # fmt: skip
    with pytest.raises(AnswerableError, match=r"party\.signature"):
        house.post("/transfers", body)
    done = house.post("/transfers", {**body, "new_signature": b64u(buyer.sign(text))})
    assert done["id"] == base.id
    roles = {(entry["party"]["id"], entry["role"]) for entry in house.get("/systems/base")["parties"]}
    assert (OPERATOR, "provider") in roles
    assert (MAKER, "provider") not in roles
    assert REGISTRAR not in {party for party, _ in roles}
