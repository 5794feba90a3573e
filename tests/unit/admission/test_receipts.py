# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from answerable.admission import receipts
from answerable.admission.receipts import Receipt, StopState, follows, make, peek, read
from answerable.crypto import canonical
from answerable.errors import AnswerableError, Refused
from answerable.log import statement
from answerable.log.leaf import decode, encode
from answerable.model.leaves import Sig
from tests.unit.admission.a_stop import ORIGIN, STRANGER, T0, key, nonce

HOLDER, COPY = key("copy"), "c" * 32
RECEIPT = Receipt("o" * 32, COPY, T0, T0 - 40, 2, StopState.DRAINING, nonce(5))
KEYS = {COPY: HOLDER.public}


def code(data: bytes, keys: dict[str, bytes] = KEYS, origin: str = ORIGIN) -> str:
    with pytest.raises(AnswerableError) as error:
        read(data, keys, origin)
    return error.value.code


def changed(**members: Any) -> bytes:
    whole = {**json.loads(make(RECEIPT, HOLDER, ORIGIN)), **members}
    return canonical.dumps({name: value for name, value in whole.items() if value is not ...})


def test_comes_back_as_it_was() -> None:
    got = read(make(RECEIPT, HOLDER, ORIGIN), KEYS, ORIGIN)
    assert replace(got, sig="") == RECEIPT


def test_the_leaf_in_the_log_carries_the_same_signature() -> None:
    got = read(make(RECEIPT, HOLDER, ORIGIN), KEYS, ORIGIN)
    leaf = decode(encode(got.leaf(T0 + 3)))
    statement.verify(leaf, ORIGIN, Sig(key=COPY, sig=got.sig), HOLDER.public)
    assert (leaf.t, got.leaf().last, got.leaf().fly) == (T0 + 3, T0 - 40, 2)


def test_only_by_its_holder_for_its_log() -> None:
    data = make(RECEIPT, HOLDER, ORIGIN)
    assert code(make(RECEIPT, STRANGER, ORIGIN)) == "order.receipt"
    assert code(data, {}) == "order.receipt"
    assert code(data, origin="other.invalid/log") == "order.receipt"
    assert peek(make(RECEIPT, STRANGER, ORIGIN)).holder == COPY


@pytest.mark.parametrize(
    "members",
    [
        {"order": "p" * 32},
        {"t_received": T0 + 1},
        {"t_last_action": 0},
        {"in_flight": 0},
        {"stop_state": "stopped"},
        {"stop_state": "gone"},
        {"n": nonce(6)},
        {"n": "AAAA"},
        {"order": "O" * 32},
        {"holder": ""},
        {"v": 2},
        {"v": ...},
        {"more": 1},
        {"in_flight": -1},
    ],
)
def test_whatever_is_changed(members: dict[str, Any]) -> None:
    assert code(changed(**members)) == "order.receipt"


def test_malformed_bytes() -> None:
    data = make(RECEIPT, HOLDER, ORIGIN)
    for broken in (b"", b"[]", b"\xff", data + b" ", data[:-1], b" " * (receipts.MAX_RECEIPT + 1)):
        assert code(broken) == "order.receipt"


def test_forward_only() -> None:
    for index, old in enumerate(StopState):
        for later, new in enumerate(StopState):
            if later >= index:
                follows(old, new)
            else:
                with pytest.raises(Refused, match=f"{old} is not followed by {new}"):
                    follows(old, new)
