# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.admission.roster import trust
from answerable.crypto.b64 import b64u
from answerable.errors import VerificationError
from answerable.log import statement
from answerable.log.leaf import encode
from answerable.log.roster import MAX_ROSTER, check, form, key_id, met, read
from answerable.model.leaves import AuthorityRef, OfficerRef, RootsRef, RosterLeaf
from tests.small_log import ORIGIN, a_rid, key


def public(name: str) -> str:
    return b64u(key(name).public)


def made(**more: Any) -> RosterLeaf:
    members: dict[str, Any] = {
        "auth": [AuthorityRef(keys=[public("auth 1"), public("auth 2")], name="A", need=2)],
        "n": "n",
        "off": [OfficerRef(key=a_rid(f"{who} key"), own=a_rid(who), pub=public(who)) for who in ("ann", "bo")],
        "root": RootsRef(keys=[public("r1"), public("r2"), public("r3")], need=2),
        "seq": 1,
        "sigs": [],
        "t": 0,
        **more,
    }
    return RosterLeaf(**members)


def signed(leaf: RosterLeaf, *names: str, origin: str = ORIGIN) -> RosterLeaf:
    sigs = [statement.sign(leaf, origin, key(name), key_id(key(name).public)) for name in names]
    return msgspec.structs.replace(leaf, sigs=[*leaf.sigs, *sigs])


def code(call: Any) -> str:
    with pytest.raises(VerificationError) as caught:
        call()
    return caught.value.code


def test_m_of_n_root_keys_sign_it() -> None:
    check(signed(made(), "r1", "r3"), ORIGIN, None)
    assert code(lambda: check(signed(made(), "r1"), ORIGIN, None)) == "officer.quorum"
    assert code(lambda: check(signed(made(), "r1", "r1"), ORIGIN, None)) == "officer.quorum"
    assert code(lambda: check(signed(made(), "r1", "r2", origin="other/log"), ORIGIN, None)) == "officer.signature"
    assert code(lambda: check(signed(made(), "r1", "r2", "ann"), ORIGIN, None)) == "officer.signature"


def test_a_chain_of_three_and_no_gap_in_it() -> None:
    first = signed(made(), "r1", "r2")
    second = signed(made(seq=2, n="m"), "r2", "r3")
    check(second, ORIGIN, first)
    third = made(seq=3, n="o")
    check(signed(third, "r1", "r2"), ORIGIN, second)
    assert code(lambda: check(signed(third, "r1", "r2"), ORIGIN, first)) == "officer.sequence"
    assert code(lambda: check(second, ORIGIN, None)) == "officer.sequence"


def test_new_roots_need_the_old_ones_and_themselves() -> None:
    first = signed(made(), "r1", "r2")
    other = made(seq=2, root=RootsRef(keys=[public("s1"), public("s2")], need=2))
    assert code(lambda: check(signed(other, "s1", "s2"), ORIGIN, first)) == "officer.quorum"
    assert code(lambda: check(signed(other, "r1", "r2", "s1"), ORIGIN, first)) == "officer.quorum"
    check(signed(other, "r1", "r2", "s1", "s2"), ORIGIN, first)


def test_an_authority_consents_with_as_many_keys_as_it_needs() -> None:
    first = signed(made(), "r1", "r2")
    weaker = made(seq=2, auth=[AuthorityRef(keys=[public("auth 1"), public("auth 2")], name="A", need=1)])
    assert code(lambda: check(signed(weaker, "r1", "r2", "auth 1"), ORIGIN, first)) == "officer.consent"
    check(signed(weaker, "r1", "r2", "auth 1", "auth 2"), ORIGIN, first)
    assert met(weaker.auth, [key_id(key("auth 2").public)]) == ("A",)
    assert met(made().auth, [key_id(key("auth 2").public)]) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"off": []},
        {"off": [OfficerRef(key="x", own=a_rid("a"), pub=b64u(bytes(32)))] * 2},
        {"off": [OfficerRef(key=a_rid(f"k{n}"), own=a_rid("same"), pub=public(f"p{n}")) for n in "ab"]},
        {"off": [OfficerRef(key=a_rid(f"k{n}"), own=a_rid(f"p{n}"), pub=public(f"p{n}")) for n in range(13)]},
        {"root": RootsRef(keys=[public("r1")], need=2)},
        {"root": RootsRef(keys=[public("r1")], need=0)},
        {"root": RootsRef(keys=[public("r1"), public("r1")], need=1)},
        {"root": RootsRef(keys=["short"], need=1)},
        {"root": RootsRef(keys=[public("ann")], need=1)},  # an officer's key is no root key
        {"auth": [AuthorityRef(keys=[public("a")], name=" x", need=1)]},
        {"auth": [AuthorityRef(keys=[public("a")], name="x", need=2)]},
        {"auth": [AuthorityRef(keys=[public(f"a{n}")], name=f"x{n}", need=1) for n in range(5)]},
    ],
)
def test_another_form_is_refused(wrong: dict[str, Any]) -> None:
    leaf = made(**wrong)
    assert code(lambda: form(leaf)) == "officer.malformed"
    assert code(lambda: check(signed(leaf, "r1", "r2"), ORIGIN, None)) == "officer.malformed"


def test_the_largest_roster_is_one_leaf() -> None:
    leaf = made(
        off=[OfficerRef(key=a_rid(f"k{n}"), own=a_rid(f"p{n}"), pub=public(f"p{n}")) for n in range(12)],
        root=RootsRef(keys=[public(f"r{n}") for n in range(5)], need=3),
        auth=[AuthorityRef(keys=[public("a")], name="x" * 64, need=1)],
    )
    assert len(encode(signed(leaf, "r0", "r1", "r2"))) <= MAX_ROSTER


@given(st.binary(max_size=300))
def test_no_bytes_but_a_roster_are_one(data: bytes) -> None:
    assert code(lambda: read(data)) == "officer.malformed"


@given(st.integers(0, 2_000), st.integers(0, 255))
def test_a_damaged_file_never_passes_for_the_signed_one(place: int, byte: int) -> None:
    leaf = signed(made(), "r1", "r2")
    data = bytearray(encode(leaf))
    place %= len(data)
    if data[place] == byte:
        return
    data[place] = byte
    try:
        found = read(bytes(data))
        check(found, ORIGIN, None)
    except VerificationError:
        return
    assert statement.to_sign(found, ORIGIN) == statement.to_sign(leaf, ORIGIN)


def test_ids_of_keys_and_what_a_holder_pins() -> None:
    raw = key("auth 1").public
    assert key_id(raw) == b64u(hashlib.sha256(b"answerable/key/v1\x00" + raw).digest()[:24])
    assert len(key_id(raw)) == 32
    pinned = trust(made(), ORIGIN, issuers={"i": bytes(32)}, pulses={})
    assert pinned.officers == {a_rid(f"{who} key"): key(who).public for who in ("ann", "bo")}
    assert set(pinned.named.values()) == {"A"}
    assert pinned.authorities[key_id(raw)] == raw
