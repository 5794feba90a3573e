# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import UNSET

from answerable.app.create import Founding, create
from answerable.app.people import read
from answerable.crypto.b64 import b64u
from answerable.errors import AnswerableError
from answerable.log.leaf import decode
from answerable.model.leaves import KeyLeaf
from answerable.model.terms import AdminRole, PartyKind
from tests.unit.app.small_store import LEI, OPERATOR, config, made


async def test_a_new_store_names_its_keys_its_operator_and_its_people(tmp_path: Path) -> None:
    core = await made(tmp_path)
    try:
        first, second = (decode(leaf) for leaf in await core.reader.tail(0, 2))
        assert isinstance(first, KeyLeaf)
        assert isinstance(second, KeyLeaf)
        assert (first.use, second.use) == ("log", "warrant")
        assert core.keys.safe is not None
        assert first.x == {"answerable.mldsa": b64u(core.keys.safe.public)}
        assert second.x is UNSET
        operator = core.book.party(OPERATOR)
        assert operator is not None
        assert operator.kind is PartyKind.ORG
        roles = sorted(admin.roles for admin in core.book.admins())
        assert roles == [(AdminRole.ADMINISTRATOR,), (AdminRole.OFFICER,), (AdminRole.OFFICER,)]
        people = core.config.store_path / "people"
        assert read(people / "officer-1.json").kid in {admin.rid for admin in core.book.admins()}
        persons = {core.book.party(admin.person) for admin in core.book.admins()}
        assert {p.kind for p in persons if p is not None} == {PartyKind.PERSON}
        assert len(persons) == 3, "two officers are two persons"
        assert (core.config.store_path / "trust.txt").read_bytes() == core.trust
    finally:
        await core.close()
    assert core.config.store_path.stat().st_mode & 0o077 == 0


async def test_a_store_is_never_made_over_something(tmp_path: Path) -> None:
    await (await made(tmp_path)).close()
    with pytest.raises(AnswerableError, match=r"store\.exists"):
        await made(tmp_path)


@pytest.mark.parametrize("domain", ["", "Upper.example", "a b", "-x", "x/y", "https://x"])
async def test_what_is_no_trust_domain_makes_no_store(tmp_path: Path, domain: str) -> None:
    with pytest.raises(AnswerableError, match=r"config\.value"):
        await create(config(tmp_path), Founding(domain, LEI, "X"))
    assert not (tmp_path / "store").exists()


async def test_a_wrong_identifier_makes_no_store(tmp_path: Path) -> None:
    wrong = OPERATOR[:-1] + ("0" if OPERATOR[-1] != "0" else "1")
    with pytest.raises(AnswerableError, match=r"party\.id"):
        await create(config(tmp_path), Founding("unit.invalid", wrong, "X"))
    assert not (tmp_path / "store").exists()
