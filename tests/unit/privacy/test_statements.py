# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from msgspec.structs import replace

from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.log.leaf import decode, encode
from answerable.model.leaves import EraseLeaf, RevokeLeaf, Sig
from answerable.model.terms import AdminRole
from answerable.privacy import statements
from answerable.privacy.statements import Words, officers, party_key, signatures, spend, with_signatures
from tests.small_privacy import Small, a_rid, refused


def leaf() -> RevokeLeaf:
    return RevokeLeaf(grant=a_rid("grant"), n=nonce(), sigs=[], t=0)


def test_words_are_hidden_and_match_their_commitment_alone() -> None:
    words = Words.of("basis", "  Bürgerin bat darum  ")
    assert words.text == "Bürgerin bat darum"
    assert "bat" not in repr(words)
    words.matches(words.commitment)
    for other in (Words.of("basis", words.text).commitment, "", None, words.commitment[:-1] + "é", 5):
        with refused("privacy.malformed"):
            words.matches(other)
    with refused("privacy.malformed"):  # another group is another commitment
        replace_group = Words("reason", words.text, words.salt, words.body)
        replace_group.matches(words.commitment)
    for text, salt in (("", None), ("a\x00b", None), ("x" * 2001, None), ("fine", b"short")):
        with refused("privacy.malformed"):
            Words.of("basis", text, salted=salt)


@pytest.mark.parametrize(
    "kind", [leaf(), EraseLeaf(bas="other", by="b", n=nonce(), of="o", t=0, x={"answerable.basis": "c"})]
)
def test_signatures_stand_where_the_kind_keeps_them(kind: RevokeLeaf | EraseLeaf) -> None:
    sigs = [Sig(key="k", sig="s"), Sig(key="l", sig="t")]
    signed = with_signatures(kind, sigs)
    assert signatures(signed) == sigs
    assert signatures(decode(encode(signed))) == sigs
    assert signatures(with_signatures(signed, [])) == []
    with refused("privacy.malformed"):
        signatures(with_signatures(kind, sigs * 9))


def test_signatures_of_another_form() -> None:
    for x in ({"answerable.sigs": 5}, {"answerable.sigs": [{"key": "k"}]}, {"answerable.sigs": [{"key": 1, "sig": 2}]}):
        with refused("privacy.malformed"):
            signatures(EraseLeaf(bas="other", by="b", n=nonce(), of="o", t=0, x=x))


def test_officers_count_once_a_person() -> None:
    small = Small()
    first, second, _ = small.officers
    assert len(officers(small.book, small.signed(leaf(), first, second), 2)) == 2
    with refused("privacy.officers"):
        officers(small.book, small.signed(leaf(), first, first), 2)
    with refused("privacy.officers"):
        officers(small.book, leaf(), 1)


def test_who_is_no_officer_is_none() -> None:
    small = Small()
    viewer = small.reader
    administrator = (Key.generate(), small.administrator())
    for signer in (viewer, administrator, small.owner_key, small.copy_signer(), (Key.generate(), a_rid("nobody"))):
        with refused("privacy.signer"):
            officers(small.book, small.signed(leaf(), signer, small.officers[0]), 1)
    key, kid = small.officers[0]
    with refused("privacy.signature"):
        officers(small.book, small.signed(leaf(), (Key.generate(), kid)), 1)
    with refused("privacy.signature"):  # signed, then changed
        officers(small.book, replace(small.signed(leaf(), (key, kid)), grant=a_rid("another")), 1)


def test_an_officer_who_left_is_none() -> None:
    small = Small()
    key, kid = small.officers[0]
    from answerable.registry import admins
    from answerable.registry.requests import WithdrawKey

    small.commit(admins.withdraw(small.book, WithdrawKey(key=kid), small.now, by=small.administrator()))
    with refused("privacy.signer"):
        officers(small.book, small.signed(leaf(), (key, kid)), 1)


def test_a_partys_own_key_and_no_other() -> None:
    small = Small()
    other = small.party("Another")
    registrar = small.key(small.owner, registrar=True)
    assert party_key(small.book, small.owner_key[1], small.owner.rid).party == small.owner.rid
    for kid in (small.key(other)[1], registrar[1], small.officers[0][1], small.copy_signer()[1], "x"):
        with refused("privacy.signer"):
            party_key(small.book, kid, small.owner.rid)


def test_a_statement_counts_once() -> None:
    small = Small()
    drawn = nonce()
    _, put = spend(small.book, drawn, small.now)
    small.book.apply((put,))
    with refused("privacy.replayed"):
        spend(small.book, drawn, small.now)
    for bad in ("", "short", "é" * 22):
        with refused("privacy.malformed"):
            spend(small.book, bad, small.now)


def test_extensions_that_nobody_knows() -> None:
    odd = replace(leaf(), x={"example.odd": 1})
    with refused("privacy.malformed"):
        statements.known(odd)
    statements.known(odd, "example.odd")
    assert AdminRole.OFFICER  # the one role that signs here
