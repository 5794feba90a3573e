# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.errors import VerificationError
from answerable.log.statement import sign, to_sign, verify
from answerable.model.leaves import Commitments, EraseLeaf, Leaf, OrderLeaf, ReceiptLeaf, ReleaseLeaf
from tests.small_log import ORIGIN, a_rid, every_kind, key, nonce

OFFICER = key("officer")
RELEASE = ReleaseLeaf(n="nonce", order="order", sigs=[], t=5)
ORDER = OrderLeaf(
    c=Commitments(reason="r"),
    dig=["sha256:00"],
    kind="suspend",
    n="n",
    root="s",
    scope="lineage",
    sigs=[],
    t=1,
    until=9,
)


def changed(leaf: Leaf, **members: Any) -> Leaf:
    return msgspec.structs.replace(leaf, **members)


def test_the_bytes_of_the_specification() -> None:
    assert to_sign(RELEASE, "demo.invalid/log") == (
        b'answerable/release/v1\x00demo.invalid/log\x00{"k":"release","n":"nonce","order":"order","v":1}'
    )


def test_what_the_registry_adds_is_not_signed() -> None:
    sig = sign(RELEASE, ORIGIN, OFFICER, "rid")
    assert sig.key == "rid"
    verify(changed(RELEASE, sigs=[sig], t=99), ORIGIN, sig, OFFICER.public)
    order = sign(ORDER, ORIGIN, OFFICER, "rid")
    verify(changed(ORDER, t=7, until=msgspec.UNSET, dig=[], sigs=[order]), ORIGIN, order, OFFICER.public)


def test_a_holder_signs_its_receipt() -> None:
    leaf = ReceiptLeaf(fly=0, last=1, n="n", order="o", own="c", rcv=1, sig="", st="stopped", t=2)
    sig = sign(leaf, ORIGIN, OFFICER, "c")
    verify(changed(leaf, sig=sig.sig, t=3), ORIGIN, sig, OFFICER.public)


@pytest.mark.parametrize(
    ("leaf", "origin", "public"),
    [
        (changed(ORDER, kind="terminate"), ORIGIN, OFFICER.public),
        (changed(ORDER, root="other"), ORIGIN, OFFICER.public),
        (changed(ORDER, n="other"), ORIGIN, OFFICER.public),
        (changed(ORDER, c=Commitments(reason="other")), ORIGIN, OFFICER.public),
        (changed(ORDER, x={"demo.a": 1}), ORIGIN, OFFICER.public),
        (ORDER, "other.invalid/log", OFFICER.public),
        (ORDER, ORIGIN, key("other").public),
    ],
)
def test_anything_else_is_signed(leaf: Leaf, origin: str, public: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        verify(leaf, origin, sign(ORDER, ORIGIN, OFFICER, "rid"), public)
    assert caught.value.code == "log.signature"


def test_no_two_kinds_share_signed_bytes() -> None:
    signed = [to_sign(leaf, ORIGIN) for leaf in every_kind()]
    assert len(set(signed)) == len(signed)


def test_what_cannot_be_signed() -> None:
    for leaf, origin, code in (
        (changed(RELEASE, t=-1), ORIGIN, "log.leaf"),
        (RELEASE, "a\x00b", "log.encoding"),
        (RELEASE, "", "log.encoding"),
    ):
        with pytest.raises(VerificationError) as caught:
            to_sign(leaf, origin)
        assert caught.value.code == code


def test_a_signature_that_is_not_base64url() -> None:
    sig = msgspec.structs.replace(sign(RELEASE, ORIGIN, OFFICER, "rid"), sig="?")
    with pytest.raises(VerificationError):
        verify(RELEASE, ORIGIN, sig, OFFICER.public)


def test_signatures_among_the_extensions_are_not_signed_and_all_else_is() -> None:
    leaf = EraseLeaf(bas="other", by=a_rid("key"), n=nonce("erase"), of=a_rid("open"), t=0, x={"answerable.basis": "b"})
    before = to_sign(leaf, ORIGIN)
    recorded = msgspec.structs.replace(leaf, t=5, x={"answerable.basis": "b", "answerable.sigs": [{"key": "k"}]})
    assert to_sign(recorded, ORIGIN) == before
    assert to_sign(msgspec.structs.replace(leaf, x={"answerable.basis": "c"}), ORIGIN) != before
    bare = msgspec.structs.replace(leaf, x=msgspec.UNSET)
    assert to_sign(msgspec.structs.replace(leaf, x={"answerable.sigs": []}), ORIGIN) == to_sign(bare, ORIGIN) != before
