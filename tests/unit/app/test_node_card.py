# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.app.node_card import CARD_FILE, Card, is_node, parse_card, read_card, read_request, write
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.errors import Refused
from answerable.log.note import VerifierKey

KEY = Key.generate()
CARD = Card(
    v=1,
    domain="demo.invalid",
    origin="demo.invalid",
    name="berlin",
    node="n" * 32,
    logs=(str(VerifierKey.of("demo.invalid", KEY.public)),),
    issuer="spiffe://demo.invalid/issuer/main",
    kid="k" * 32,
    issuer_key=b64u(KEY.public),
    pulses={"p": b64u(KEY.public)},
    officers={"o": b64u(KEY.public)},
    authorities={"a": b64u(KEY.public), "b": b64u(KEY.public)},
    named={"a": "Surveillance", "b": "Surveillance"},
)


def changed(**members: object) -> bytes:
    return msgspec.json.encode(msgspec.structs.replace(CARD, **members))


def test_a_card_pins_whose_word_is_taken(tmp_path: Path) -> None:
    write(tmp_path / CARD_FILE, CARD)
    card = read_card(tmp_path)
    assert card == CARD
    assert card.audience == "spiffe://demo.invalid/gateway/berlin"
    trust = card.trust()
    assert (trust.origin, trust.issuers, trust.pulses) == ("demo.invalid", {"k" * 32: KEY.public}, {"p": KEY.public})
    assert trust.officers == {"o": KEY.public}
    assert trust.named == {"a": "Surveillance", "b": "Surveillance"}
    assert parse_card(changed(named={})).trust().named == {}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        changed(v=2),
        changed(logs=()),
        changed(logs=("nothing",)),
        changed(issuer_key="short"),
        changed(pulses={"p": "short"}),
        msgspec.json.encode(CARD)[:-1] + b',"more":1}',
    ],
)
def test_what_is_no_card_is_refused(data: bytes) -> None:
    with pytest.raises(Refused, match=r"node\.card"):
        parse_card(data)


@given(st.binary(max_size=200))
def test_whatever_the_bytes_they_are_refused_in_one_way(data: bytes) -> None:
    with pytest.raises(Refused, match=r"node\.card"):
        parse_card(data)


def test_files_that_are_not_there_or_too_long(tmp_path: Path) -> None:
    assert not is_node(tmp_path)
    with pytest.raises(Refused, match=r"node\.card"):
        read_card(tmp_path)
    with pytest.raises(Refused, match=r"node\.card"):
        read_request(tmp_path / "none")
    (tmp_path / "long").write_bytes(b" " * ((1 << 20) + 1))
    with pytest.raises(Refused, match=r"node\.card"):
        read_request(tmp_path / "long")
