# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from answerable.admission import orders
from answerable.admission.orders import read, stop_root
from answerable.admission.trust import Trust
from answerable.crypto import canonical
from answerable.crypto.b64 import b64u, unb64u
from answerable.errors import AnswerableError
from answerable.log.leaf import decode, encode, rid
from answerable.model.leaves import ReleaseLeaf, Sig
from tests.unit.admission.a_stop import (
    ANNA,
    ANNA_KID,
    BEN,
    BEN_KID,
    ISSUER,
    KID,
    ORIGIN,
    PINNED,
    STRANGER,
    T0,
    TRUST,
    WATCHDOG,
    WATCHDOG_KID,
    issued,
    order,
    released,
    row,
    system,
)

OFFICERS_ALONE = Trust(ORIGIN, officers=PINNED.officers, authorities=PINNED.authorities)


def code(data: bytes, trust: Trust = TRUST) -> str:
    with pytest.raises(AnswerableError) as error:
        read(data, trust)
    return error.value.code


def changed(data: bytes, **members: Any) -> bytes:
    whole = {**json.loads(data), **members}
    return canonical.dumps({name: value for name, value in whole.items() if value is not ...})


def test_the_issuers_message_tells_all_that_the_registry_knows() -> None:
    leaf = order(7, kind="suspend", until=T0 + 900_000, by=((ANNA, ANNA_KID),))
    told = read(issued(leaf, 7, epoch=3, twins=(9, 12)), TRUST)
    assert told.by == "issuer"
    assert told.issued
    assert told.epoch == 3
    assert msgspec.structs.replace(told.stop, officers=()) == msgspec.structs.replace(
        row(leaf, 7, epoch=3, twins=(9, 12)), officers=()
    )


def test_officers_alone_are_believed_and_nothing_softens_their_order() -> None:
    leaf = order(7, kind="suspend", until=T0 + 900_000, by=((ANNA, ANNA_KID),))
    told = read(issued(leaf, 7, epoch=3, twins=(9,)), OFFICERS_ALONE)
    assert told.by == "officers"
    # When it lapses and whom else it reaches only the registry says, whose key is not pinned here.
    assert (told.stop.num, told.stop.until, told.stop.twins, told.epoch) == (7, 0, (), 0)


def test_a_termination_by_one_pinned_officer_is_a_suspension() -> None:
    one, two = order(7, by=((ANNA, ANNA_KID),)), order(7)
    twice = order(7, by=((ANNA, ANNA_KID), (ANNA, ANNA_KID)))
    kinds = [read(orders.direct(leaf, origin=ORIGIN, subject=system(7), num=7), PINNED).stop.kind
             for leaf in (one, two, twice)]  # fmt: skip
    assert kinds == ["suspend", "terminate", "suspend"]


def test_an_authority_terminates_and_the_registry_undoes_nothing_of_it() -> None:
    leaf = order(7, kind="suspend", until=T0 + 1, by=((ANNA, ANNA_KID), (WATCHDOG, WATCHDOG_KID)))
    told = read(issued(leaf, 7, epoch=1, changed=2, release=released(leaf)), PINNED)
    assert told.by == "issuer"
    assert told.authority
    assert (told.stop.until, told.stop.released) == (0, "")
    own = released(leaf, by=((WATCHDOG, WATCHDOG_KID),))
    assert read(issued(leaf, 7, epoch=1, changed=2, release=own), PINNED).stop.released == rid(own)
    alone = order(8, by=((WATCHDOG, WATCHDOG_KID),))
    assert read(orders.direct(alone, origin=ORIGIN, subject=system(8), num=8), PINNED).stop.kind == "terminate"


def test_what_a_carrier_makes_of_its_length_is_not_passed_on() -> None:
    """Digests, an extension and a release that nobody signed: what is passed on is as short as what was signed."""
    leaf = order(8, by=((WATCHDOG, WATCHDOG_KID),))
    plain = read(orders.direct(leaf, origin=ORIGIN, subject=system(8), num=8), PINNED)
    long = [f"sha256:{number:064x}" for number in range(30)]
    padded = msgspec.structs.replace(leaf, dig=long, x={"answerable.sigs": ["y" * 900]})
    free = ReleaseLeaf(n=leaf.n, order=rid(encode(padded)), sigs=[], t=T0, x={"x.y": "z" * 3_000})
    data = orders.direct(padded, origin=ORIGIN, subject=system(8), num=8, release=free)
    assert len(data) > len(plain.data) + 8_000
    told = read(data, PINNED)
    assert told.authority
    assert told.statement == plain.statement
    assert len(told.data) < len(plain.data)
    again = read(told.data, PINNED)
    assert (again.stop, again.data) == (told.stop, told.data), "who is given it says the same of it"
    assert msgspec.structs.replace(told.stop, rid="") == msgspec.structs.replace(plain.stop, rid="")
    # A release that counts names the order as it is.
    suspended = msgspec.structs.replace(order(9, kind="suspend", by=((WATCHDOG, WATCHDOG_KID),)), dig=long)
    freed = decode(released(suspended, by=((WATCHDOG, WATCHDOG_KID),)))
    assert isinstance(freed, ReleaseLeaf)
    whole = orders.direct(suspended, origin=ORIGIN, subject=system(9), num=9, release=freed)
    assert read(whole, PINNED).data == whole
    # One that is longer than any leaf that is signed is none: 65,535 bytes could be read.
    endless = ReleaseLeaf(n=leaf.n, order=rid(encode(leaf)), sigs=[], t=T0, x={"x.y": "z" * 9_000})
    members = json.loads(orders.direct(leaf, origin=ORIGIN, subject=system(8), num=8))
    members |= {"release": b64u(encode(endless, limit=65_535)), "changed": 1}
    assert code(canonical.dumps(members), PINNED) == "order.malformed"


def test_a_release_counts_by_the_issuer_or_by_two_officers() -> None:
    leaf = order(7, kind="suspend", by=((ANNA, ANNA_KID),))
    whole = issued(leaf, 7, epoch=1, changed=2, release=released(leaf))
    lone = issued(leaf, 7, epoch=1, changed=2, release=released(leaf, by=((BEN, BEN_KID), (BEN, BEN_KID))))
    assert read(whole, TRUST).stop.released == rid(released(leaf))
    assert read(whole, OFFICERS_ALONE).stop.released == rid(released(leaf))
    assert read(lone, OFFICERS_ALONE).stop.released == ""
    ended = order(7)
    assert read(issued(ended, 7, epoch=1, changed=2, release=released(ended)), TRUST).stop.released == ""


def test_who_is_not_pinned_orders_nothing() -> None:
    leaf = order(7, by=((STRANGER, ANNA_KID),))
    by_stranger = orders.message(
        row(leaf, 7, epoch=1), encode(leaf), origin=ORIGIN, subject=system(7), signer=STRANGER, kid=KID
    )
    assert code(by_stranger) == "order.untrusted"
    assert code(by_stranger, PINNED) == "order.untrusted"
    assert code(orders.direct(leaf, origin=ORIGIN, subject=system(7), num=7)) == "order.untrusted"


def test_whatever_a_carrier_changes_it_is_not_the_issuers_any_more() -> None:
    data = issued(order(7), 7, epoch=3)
    for members in ({"epoch": 4}, {"twins": [1]}, {"subject": ""}, {"kid": "other"}, {"sig": b64u(bytes(64))}):
        assert code(changed(data, **members)) == "order.untrusted", members
        # Officers signed it all the same: he who breaks one signature does not take the others away.
        if members.get("subject") is None:
            assert read(changed(data, **members), PINNED).by == "officers"


@pytest.mark.parametrize(
    "members",
    [
        {"until": 5},
        {"num": 8},
        {"v": 2},
        {"v": ...},
        {"more": 1},
        {"epoch": -1},
        {"epoch": "1"},
        {"twins": [-1]},
        {"leaf": ""},
        {"leaf": "AA"},
        {"leaf": b64u(system(7))},
        {"subject": b64u(system(8))},
        {"subject": b64u(b"{}")},
        {"release": b64u(released(order(8)))},
        {"changed": 9},
        {"origin": ""},
        {"origin": "a\nb"},
        {"sig": ""},
    ],
)
def test_malformed(members: dict[str, Any]) -> None:
    assert code(changed(issued(order(7), 7, epoch=3), **members)) == "order.malformed"


def test_malformed_bytes() -> None:
    data = issued(order(7), 7, epoch=3)
    for broken in (b"", b"{}", b"[]", b"\xff", data + b" ", data[:-1], b" " * (orders.MAX_MESSAGE + 1)):
        assert code(broken) == "order.malformed"


def test_another_log() -> None:
    assert code(issued(order(7), 7, epoch=3), Trust("other.invalid/log", issuers=TRUST.issuers)) == "order.origin"


def test_without_the_roots_leaf_officers_alone_name_nobody() -> None:
    assert code(orders.direct(order(7), origin=ORIGIN), OFFICERS_ALONE) == "order.subject"
    everyone = order(7, scope="world", root="physical")
    assert read(orders.direct(everyone, origin=ORIGIN), OFFICERS_ALONE).stop.root == "physical"


def test_a_pulse_vouches() -> None:
    data = orders.direct(order(7), origin=ORIGIN, subject=system(7), num=7)
    told = read(data, TRUST, vouched=True)
    assert (told.by, told.stop.num, told.epoch) == ("pulse", 7, 0)


def test_an_order_is_the_same_before_and_after_the_registry_took_it() -> None:
    before, after = order(7, at=0), order(7, at=T0)
    assert rid(encode(before)) != rid(encode(after))
    assert orders.statement_hash(before, ORIGIN) == orders.statement_hash(after, ORIGIN)
    assert orders.statement_hash(order(8), ORIGIN) != orders.statement_hash(before, ORIGIN)


def test_the_root_of_what_is_stopped() -> None:
    rows = [row(order(num), num, epoch=num) for num in (1, 2, 3)]
    assert stop_root(rows) == stop_root(reversed(rows))
    assert stop_root(rows, 2) == stop_root(rows[:2]) != stop_root(rows)
    # A release does not change it, and an order without a number stands in none.
    assert stop_root([msgspec.structs.replace(rows[0], released="r" * 32, changed=9)]) == stop_root(rows[:1])
    assert stop_root([msgspec.structs.replace(rows[0], epoch=0)]) == stop_root(())


def test_a_message_is_what_its_reader_takes() -> None:
    leaf = order(7)
    with pytest.raises(AnswerableError, match="subject"):
        orders.message(row(leaf, 8, epoch=1), encode(leaf), origin=ORIGIN, subject=system(8), signer=ISSUER, kid=KID)
    assert unb64u(json.loads(issued(leaf, 7, epoch=1))["leaf"]) == encode(leaf)


def test_a_signature_that_can_be_none_makes_no_message() -> None:
    leaf = order(7)
    for key, sig in (("k" * 65, "A" * 86), ("k", "A" * 87), ("k", "")):
        padded = msgspec.structs.replace(leaf, sigs=[*leaf.sigs, Sig(key=key, sig=sig)])
        with pytest.raises(AnswerableError) as error:
            orders.direct(padded, origin=ORIGIN, subject=system(7), num=7)
        assert error.value.code == "order.malformed"


def test_a_long_message_is_read_no_further_than_its_signature_reaches(monkeypatch: pytest.MonkeyPatch) -> None:
    """To read a megabyte costs half a second, which anybody could ask for."""
    leaf = order(7, by=((ANNA, ANNA_KID),))
    many = tuple(range(8, 60_000))
    good = issued(leaf, 7, epoch=3, twins=many)
    assert read(good, TRUST).stop.twins == many
    sizes: list[int] = []
    loads = canonical.loads
    monkeypatch.setattr(canonical, "loads", lambda data: (sizes.append(len(data)), loads(data))[1])
    for data in (changed(good, kid="other"), changed(good, sig=b64u(bytes(64))), changed(good, epoch=4)):
        assert code(data) == "order.untrusted"
        assert read(data, PINNED).by == "officers"
        assert read(data, PINNED).stop.twins == ()
    junk = b'{"a":[' + b"1," * 100_000 + b"1]}"
    assert code(junk) == "order.malformed"
    assert code(b"[" * 100_000) == "order.malformed"
    assert code(good + b" ") == "order.malformed"
    assert max(sizes[:-1]) < 8_192
