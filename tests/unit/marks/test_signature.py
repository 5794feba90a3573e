# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import sys
from typing import Any

import msgspec
import pytest

from answerable.crypto import ed25519, p256, sm2
from answerable.errors import VerificationError
from answerable.marks import aigc
from answerable.marks.binding import Bound, bind
from answerable.marks.signature import (
    ED25519,
    ES256,
    NAMES,
    SM3_WITH_SM2,
    LabelKey,
    Signed,
    State,
    algorithm_of,
    check,
    check_propagation,
    info_of,
    party_of,
    produced,
    public_info,
    sign,
    sign_propagation,
)
from answerable.model.labels import AIGC

PRODUCER = "001191350100M000100Y431ABCD"
PARTY = "NTRCN-91350100M000100Y43"
LABEL = AIGC("1", PRODUCER, "abcdefghijklmnopqrstuvwxyz234567")
KEYS: list[LabelKey] = [ed25519.Key.generate(), p256.Key.generate(), sm2.Key.generate()]
each_key = pytest.mark.parametrize("key", KEYS, ids=["Ed25519", "ES256", "SM3withSM2"])


def changed(label: AIGC, change: Any, member: str = "reserved_code1") -> AIGC:
    value = json.loads(getattr(label, member))
    change(value["SecurityData"])
    return msgspec.structs.replace(label, **{member: json.dumps(value)})


@each_key
def test_who_signed(key: LabelKey) -> None:
    label = sign(LABEL, key)
    assert msgspec.structs.replace(label, reserved_code1="") == LABEL
    assert aigc.read(aigc.write(label)) == aigc.Found(label)
    name, info = NAMES[algorithm_of(key)], public_info(key)
    assert check(label) == Signed(State.SELF_CONSISTENT, "", name, "the key is pinned to nobody", info)
    signed = check(label, {info: PARTY})
    assert signed == Signed(State.SIGNED, PARTY, name, "", info)
    assert str(signed) == f"signed:{PARTY}"
    assert check(label, {info: "NTRCN-somebody-else"}).state is State.BAD
    # Another key of the same party, pinned, does not make this one its own.
    assert check(label, {public_info(p256.Key.generate()): PARTY}).state is State.SELF_CONSISTENT


@each_key
@pytest.mark.parametrize("member", ["label", "content_producer", "produce_id"])
def test_a_changed_member_is_found(key: LabelKey, member: str) -> None:
    label = msgspec.structs.replace(sign(LABEL, key), **{member: "2"})
    assert check(label).state is State.BAD
    assert check(label, {public_info(key): party_of(label.content_producer)}).state is State.BAD


@each_key
def test_the_message_is_the_guides(key: LabelKey) -> None:
    expected = f'"Label":"1","ContentProducer":"{PRODUCER}","ProduceID":"{LABEL.produce_id}"'.encode()
    assert produced(LABEL) == expected
    code = json.loads(sign(LABEL, key).reserved_code1)["SecurityData"]
    assert (code["Type"], code["Version"]) == ("TC260PG", 1)
    signature, public = code["PubSD"]
    assert (signature["Type"], public["Type"]) == ("DS", "PubKey")
    assert signature["AlgID"] == public["AlgID"] == algorithm_of(key)
    assert signature["TBSData"] == {"Type": "LabelMataData"}
    raw = bytes.fromhex(signature["Signature"])
    assert bytes.fromhex(public["KeyValue"]) == public_info(key)
    if isinstance(key, ed25519.Key):
        ed25519.verify(key.public, expected, raw)
    elif isinstance(key, p256.Key):
        p256.verify(key.public, expected, p256.raw(raw))
    else:
        sm2.verify(key.public, expected, p256.raw(raw))


def test_object_identifiers() -> None:
    assert [algorithm_of(key) for key in KEYS] == [ED25519, ES256, SM3_WITH_SM2]
    assert [info_of(algorithm_of(key), key.public) == public_info(key) for key in KEYS] == [True] * 3
    with pytest.raises(VerificationError):
        info_of(ED25519, b"short")


def test_what_vendors_write_in_its_place() -> None:
    label = sign(LABEL, KEYS[2])
    pinned = {public_info(KEYS[2]): PARTY}

    def guides(data: Any) -> None:
        data["PubSD"][0]["TBSData"]["Type"] = "Md"

    def spelt(data: Any) -> None:
        data["PubSd"] = data.pop("PubSD")

    def abscissa(data: Any) -> None:
        data["PubSD"][1]["KeyValue"] = "00" + KEYS[2].public[1:33].hex()

    def bare(data: Any) -> None:
        data["PubSD"][1]["KeyValue"] = KEYS[2].public.hex()

    def digest(data: Any) -> None:
        made = KEYS[2].sign(sm2.digest(produced(LABEL)))
        data["PubSD"][0]["Signature"] = p256.der(made).hex()

    def named(data: Any) -> None:
        data["PubSD"][0]["KeyID"] = data["PubSD"][1]["KeyID"] = "1"
        data["PubSD"].insert(1, {"Type": "PubKey", "AlgID": SM3_WITH_SM2, "KeyID": "0", "KeyValue": "00"})

    for change in (guides, spelt, abscissa, bare, digest, named):
        assert check(changed(label, change), pinned).state is State.SIGNED, change.__name__


def test_another_signature_of_the_digest_is_no_ecdsa_of_ours() -> None:
    key = KEYS[1]
    label = sign(LABEL, key)

    def digest(data: Any) -> None:
        data["PubSD"][0]["Signature"] = p256.der(key.sign(sm2.digest(produced(LABEL)))).hex()

    assert check(changed(label, digest)).state is State.BAD


@pytest.mark.parametrize(
    "code",
    [
        "opaque",
        "L-0123456789abcdef",
        "{}",
        "[1]",
        '"text"',
        "{" * 5_000,
        '{"SecurityData":[]}',
        '{"SecurityData":{"Type":"Other","PubSD":[]}}',
        '{"SecurityData":{"Type":"TC260PG","PubSD":{}}}',
        '{"SecurityData":{"Type":"TC260PG","PubSD":[1,"2",null]}}',
        '{"SecurityData":{"Type":"TC260PG","PubSD":[{"Type":"DS","TBSData":{"Type":"Binding"}}]}}',
        '{"SecurityData":{"Type":"TC260PG","PubSD":[{"Type":"DS","TBSData":{"Type":["Md"]}}]}}',
        '{"SecurityData":{"Type":"TC260PG","PubSD":[{"Type":"DS","AlgID":7,"TBSData":{"Type":"Md"}}]}}',
        '{"SecurityData":{"Type":"TC260PG","PubSD":[{"Type":"DS","AlgID":"1.2.3","TBSData":{"Type":"Md"}}]}}',
        '{"SecurityData":{"Type":"TC260PG","PubSD":[{"Type":"DS","AlgID":"1.3.101.112","TBSData":{"Type":"Md"}}]}}',
        json.dumps({"SecurityData": {"Type": "TC260PG", "PubSD": [{"Type": "DS", "TBSData": {"Type": "Md"}}] * 9}}),
    ],
)
def test_what_cannot_be_checked_is_opaque(code: str) -> None:
    label = msgspec.structs.replace(LABEL, reserved_code1=code)
    assert check(label).state is State.OPAQUE
    assert check_propagation(msgspec.structs.replace(LABEL, reserved_code2=code)).state is State.OPAQUE


def test_unsigned() -> None:
    assert check(LABEL) == check_propagation(LABEL) == Signed(State.UNSIGNED)


@each_key
def test_signatures_that_hold_nothing(key: LabelKey) -> None:
    label = sign(LABEL, key)
    for value in ("", "zz", "00", "30" * 40, 5, None):

        def broken(data: Any, value: object = value) -> None:
            data["PubSD"][0]["Signature"] = value

        assert check(changed(label, broken)).state is State.BAD


def test_one_signature_that_does_not_hold_stands_against_the_label() -> None:
    label = sign(LABEL, KEYS[0])

    def second(data: Any) -> None:
        data["PubSD"].append({**data["PubSD"][0], "Signature": "00" * 64})

    assert check(changed(label, second), {public_info(KEYS[0]): PARTY}).state is State.BAD


def test_sm2_without_the_extra_is_opaque(monkeypatch: pytest.MonkeyPatch) -> None:
    label = sign(LABEL, KEYS[2])
    monkeypatch.setitem(sys.modules, "gmalg", None)
    found = check(label)
    assert (found.state, found.detail) == (State.OPAQUE, "checking it needs the extra sm2")


@each_key
def test_a_propagators_signature_binds_the_producers_label(key: LabelKey) -> None:
    spread = msgspec.structs.replace(
        sign(LABEL, KEYS[0]), content_propagator="LEIXG-propagator", propagate_id="our-record"
    )
    label = sign_propagation(spread, key)
    pinned = {public_info(key): "LEIXG-propagator"}
    assert str(check_propagation(label, pinned)) == "signed:LEIXG-propagator"
    assert check(label) == check(spread)
    for member in ("content_producer", "produce_id", "content_propagator", "propagate_id"):
        moved = msgspec.structs.replace(label, **{member: "elsewhere"})
        assert check_propagation(moved, pinned).state is State.BAD
        assert check_propagation(moved).state is State.OPAQUE  # nobody knows what a stranger meant to sign


@each_key
def test_a_signature_of_something_longer_is_none_of_a_label_that_goes_on_with_it(key: LabelKey) -> None:
    """The message has no escapes: a member with quotation marks would say what the others say."""
    pins = {public_info(key): PARTY}
    bound = bind(sign(LABEL, key), key, Bound(b"\x01" * 32))

    def with_the_entrys(data: Any) -> None:
        data["PubSD"][0]["Signature"] = data["PubSD"].pop()["Signature"]

    longer = f'{LABEL.produce_id}","Content":"{"01" * 32}'
    forged = changed(msgspec.structs.replace(bound, produce_id=longer), with_the_entrys)
    assert check(forged, pins).state is State.OPAQUE
    passed = sign_propagation(msgspec.structs.replace(LABEL, content_propagator=PRODUCER, propagate_id="ours"), key)
    longer = f'{LABEL.produce_id}","ContentPropagator":"{PRODUCER}","PropagateID":"ours'
    forged = msgspec.structs.replace(LABEL, produce_id=longer, reserved_code1=passed.reserved_code2)
    assert check(forged, pins).state is State.OPAQUE
    forged = msgspec.structs.replace(passed, propagate_id='ours","x":"y')
    assert check_propagation(forged, pins).state is State.OPAQUE
    assert check(bound, pins).state is State.SIGNED
    assert check_propagation(passed, pins).state is State.SIGNED


def test_whose_code_it_is() -> None:
    assert party_of(PRODUCER) == PARTY
    assert party_of("LEIXG-5493") == "LEIXG-5493"
