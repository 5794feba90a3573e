# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from msgspec import structs

from answerable.crypto.b64 import b64u
from answerable.log import statement
from answerable.model.leaves import EraseLeaf, KeyLeaf, ReceiptLeaf, ReleaseLeaf
from answerable.verify.audit.facts import CopyFact, Held, KeyFact
from answerable.verify.audit.signing import problems
from tests.small_log import ORIGIN, T0, a_rid, copy, key, nonce, opened, world


def memory() -> Held:
    made = Held()
    made.put("key", a_rid("officer"), KeyFact(index=1, own="o", pub=b64u(key("officer").public), use="admin"))
    made.put("key", a_rid("gone"), KeyFact(index=2, own="o", pub=b64u(key("gone").public), use="admin", end=9))
    made.put("copy", a_rid("copy"), CopyFact(index=3, system="s", pub=b64u(key("copy").public)))
    return made


RELEASE = ReleaseLeaf(n=nonce("release"), order=a_rid("order"), sigs=[], t=T0)


def said(leaf: ReleaseLeaf, *by: tuple[str, str], origin: str = ORIGIN) -> list[str]:
    sigs = [statement.sign(leaf, origin, key(who), a_rid(rid)) for who, rid in by]
    return list(problems(structs.replace(leaf, sigs=sigs), ORIGIN, memory()))


def test_signatures_by_keys_of_the_log() -> None:
    assert said(RELEASE, ("officer", "officer")) == []
    assert said(RELEASE) == ["nobody signed it"]
    assert said(RELEASE, ("officer", "nobody")) == ["it is by a key that the log does not know"]
    assert said(RELEASE, ("gone", "gone")) == ["it is by a key that leaf 9 ended"]
    assert said(RELEASE, ("another", "officer")) == ["log.signature"]
    assert said(RELEASE, ("officer", "officer"), origin="other.invalid") == ["log.signature"]


def test_a_new_key_signs_for_itself() -> None:
    leaf = KeyLeaf(n=nonce("k"), own=a_rid("person"), pub=b64u(key("new").public), sigs=[], t=T0, use="admin")
    good = structs.replace(leaf, sigs=[statement.sign(leaf, ORIGIN, key("new"), a_rid("person"))])
    bad = structs.replace(leaf, sigs=[statement.sign(leaf, ORIGIN, key("old"), a_rid("person"))])
    assert list(problems(good, ORIGIN, memory())) == []
    assert list(problems(structs.replace(good, by=a_rid("officer")), ORIGIN, memory())) == []
    assert list(problems(bad, ORIGIN, memory())) == ["log.signature"]
    assert list(problems(leaf, ORIGIN, memory())) == []  # enrolled by an administrator: `by` says whose word it is


def test_a_holders_receipt_is_signed_by_the_copy() -> None:
    leaf = ReceiptLeaf(
        fly=0, last=T0, n=nonce("r"), order=a_rid("o"), own=a_rid("copy"), rcv=T0, sig="", st="stopped", t=T0
    )
    good = structs.replace(leaf, sig=statement.sign(leaf, ORIGIN, key("copy"), a_rid("copy")).sig)
    assert list(problems(good, ORIGIN, memory())) == []
    assert list(problems(structs.replace(good, fly=1), ORIGIN, memory())) == ["log.signature"]
    assert list(problems(leaf, ORIGIN, memory())) != []


def test_what_nobody_signs() -> None:
    assert list(problems(opened(world().rids), ORIGIN, memory())) == []


def test_signatures_among_the_extensions() -> None:
    plain = copy("app", a_rid("system"))
    own = structs.replace(plain, pub=b64u(key("copy app").public))
    sig = statement.sign(own, ORIGIN, key("copy app"), "").sig
    assert list(problems(own, ORIGIN, memory())) == []
    assert list(problems(structs.replace(own, x={"answerable.sig": {"sig": sig}}), ORIGIN, memory())) == []
    other = statement.sign(own, ORIGIN, key("another"), "").sig
    assert list(problems(structs.replace(own, x={"answerable.sig": {"sig": other}}), ORIGIN, memory())) != []
    erase = EraseLeaf(bas="law", by=a_rid("officer"), n=nonce("e"), of=a_rid("open"), t=T0)
    assert list(problems(erase, ORIGIN, memory())) == ["nobody signed it"]
    by = {"key": a_rid("officer"), "sig": statement.sign(erase, ORIGIN, key("officer"), "").sig}
    assert list(problems(structs.replace(erase, x={"answerable.sigs": [by]}), ORIGIN, memory())) == []
    for odd in (
        {"answerable.sigs": [1]},
        {"answerable.sigs": 5},
        {"answerable.sig": {"sig": 1}},
        {"answerable.sig": {}},
    ):
        assert list(problems(structs.replace(erase, x=odd), ORIGIN, memory())) == [
            "an extension that holds no signature"
        ]
