# SPDX-License-Identifier: Apache-2.0
"""Erasing, holding, granting and reading over a house's control plane, as the command line does it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.errors import AnswerableError
from answerable.model.terms import Basis, HoldScope, Purpose
from answerable.privacy import erasure, grants, holds
from answerable.privacy.statements import Words
from tests.unit.control.house import House

DAY = 86_400_000
Signer = str | tuple[Key, str]


def said(words: Words) -> dict[str, str]:
    return {"text": words.text, "salt": b64u(words.salt)}


def kid(house: House, signer: Signer) -> str:
    return house.person(signer).kid if isinstance(signer, str) else signer[1]


def party_of(house: House, name: str) -> str:
    admin = house.core.book.admin(house.person(name).kid)
    assert admin is not None
    return admin.person


def erase(house: House, record: str, *signers: Signer, who: str = "officer-1") -> dict[str, Any]:
    words = Words.of("basis", "the person asked on 3 May")
    leaf = erasure.statement(record, Basis.GDPR_17, words, kid(house, signers[0]))
    done: dict[str, Any] = house.post("/erasures", {"erase": house.signed(leaf, *signers), "basis": said(words)}, who)
    return done


def hold(house: House, scope: str, of: str, *signers: Signer, prev: str = "") -> dict[str, Any]:
    words = Words.of("reason", "a claim was filed")
    leaf = holds.statement(HoldScope(scope), of, words, prev=prev)
    path = "/legal-holds/lift" if prev else "/legal-holds"
    data = {"preserve": house.signed(leaf, *signers), "reason": said(words)}
    done: dict[str, Any] = house.post(path, data, "officer-1")
    return done


def grant(house: House, record: str, to: str, *signers: Signer, lawful: bool = False) -> dict[str, Any]:
    words = Words.of("basis", "Art. 15") if lawful else None
    leaf = grants.grant_statement(
        record, party_of(house, to), Purpose.COMPLAINT, house.core.now + DAY, kid(house, signers[0]), words=words
    )
    data: dict[str, Any] = {"grant": house.signed(leaf, *signers)}
    if words is not None:
        data["basis"] = said(words)
    done: dict[str, Any] = house.post("/data/grants", data)
    return done


def read(
    house: House, record: str, granted: str, who: str, groups: tuple[str, ...] = ("in", "out")
) -> dict[str, bytes]:
    leaf = grants.read_statement(granted, record, groups)
    found = house.post("/data/read", {"read": house.signed(leaf, who)}, who)
    return {part["group"]: base64.b64decode(part["body"]) for part in found["parts"]}


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(AnswerableError) as raised:
        yield
    assert raised.value.code == code
