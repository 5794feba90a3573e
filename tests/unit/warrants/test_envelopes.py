# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from answerable.admission.envelope import LONGEST_MS, bound_ms, parse
from answerable.crypto.b64 import b64u
from answerable.errors import AnswerableError, Unavailable
from answerable.log.leaf import encode, rid
from answerable.model.leaves import WarrantLeaf
from answerable.model.records import OnSite
from answerable.model.terms import Audience, World
from answerable.model.units import Put, Space
from answerable.warrants.envelopes import NAME, EnvelopeRequest, Envelopes, told
from tests.fleet import ISSUER, Fleet, key
from tests.small_site import AUDIENCE, NARROW

SITE = key("site")
LIFE = 600_000


class Office(Fleet):
    def __init__(self) -> None:
        super().__init__()
        self.cart = self.system("cart", parents=(), tier=3, worlds=(World.PHYSICAL,))
        self.moves = [self.copy(self.cart, n) for n in (1, 2)]
        self.may = True
        self.unmet: tuple[str, ...] = ()
        self.envelopes = Envelopes(
            directory=self.book,
            ledger=self.ledger,
            clock=self.clock,
            signer=key("issuer"),
            iss=ISSUER,
            kid="issuer-1",
            lapsed=lambda _: self.unmet,
            may_sign=self._may,
        )

    def _may(self) -> None:
        if not self.may:
            raise Unavailable("log.stopped", detail="recovering")

    def request(self, **changed: Any) -> EnvelopeRequest:
        base = EnvelopeRequest(
            audiences=(AUDIENCE,),
            bound=bound_ms(LIFE),
            copies=tuple(copy.id for copy in self.moves),
            key=b64u(SITE.public),
            life=LIFE,
            motion=NARROW,
            site="tunnel",
            tools=("drive",),
        )
        return msgspec.structs.replace(base, **changed)

    async def refused(self, **changed: Any) -> str:
        with pytest.raises(AnswerableError) as error:
            await self.envelopes.grant(self.request(**changed))
        return error.value.code


async def test_it_is_a_leaf_first_and_says_what_the_registry_says() -> None:
    office = Office()
    token, envelope = await office.envelopes.grant(office.request())
    (leaf,) = office.ledger.leaves
    assert isinstance(leaf, WarrantLeaf)
    assert parse(token, {"issuer-1": key("issuer").public}) == envelope
    assert envelope.grant == rid(encode(leaf))
    assert envelope.site == "spiffe://demo.invalid/onsite/tunnel"
    assert envelope.ancestors == (office.cart.num,)
    assert (envelope.tier, envelope.worlds, envelope.audience) == (3, (World.PHYSICAL,), Audience.PUBLIC)
    assert [copy.cpy for copy in envelope.copies] == [copy.rid for copy in office.moves]
    assert (leaf.seq, leaf.exp, leaf.cpy, leaf.sys) == (0, envelope.exp_ms, office.moves[0].rid, office.cart.rid)
    assert isinstance(leaf.x, dict)
    told = leaf.x[NAME]
    assert (told["bound"], told["key"], told["site"]) == (envelope.bound, envelope.key, envelope.site)
    assert told["motion"]["max_speed"] == NARROW.max_speed
    assert told["copies"] == [copy.rid for copy in office.moves]


@pytest.mark.parametrize("bound", [0, LIFE, bound_ms(LIFE) - 1, bound_ms(LIFE) + 1])
async def test_the_bound_is_agreed_to_by_naming_it(bound: int) -> None:
    office = Office()
    assert await office.refused(bound=bound) == "envelope.bound"
    assert not office.ledger.leaves


async def test_nothing_is_recorded_for_what_is_not_issued() -> None:
    office = Office()
    stranger = office.copies["other"].id
    assert await office.refused(life=LONGEST_MS + 1) == "envelope.life"
    assert await office.refused(life=0) == "envelope.life"
    assert await office.refused(copies=()) == "envelope.copies"
    assert await office.refused(copies=(office.moves[0].id,) * 17) == "envelope.copies"
    assert await office.refused(copies=(office.moves[0].id, stranger)) == "envelope.copies"
    assert await office.refused(motion=None) == "envelope.malformed"
    assert await office.refused(key=office.moves[0].key) == "envelope.malformed"
    assert await office.refused(audiences=()) == "envelope.malformed"
    office.unmet = ("drill",)
    assert await office.refused() == "warrant.duty"
    office.unmet = ()
    office.end(office.moves[1])
    assert await office.refused() == "warrant.copy_ended"
    office.may = False
    assert await office.refused() == "log.stopped"
    assert not office.ledger.leaves


async def test_what_changes_while_it_waits_is_looked_at_again() -> None:
    office = Office()
    office.ledger.before = lambda: office.end(office.moves[0])
    assert await office.refused() == "warrant.copy_ended"


async def test_its_row_is_told_again_from_its_leaf() -> None:
    office = Office()
    _, envelope = await office.envelopes.grant(office.request())
    (leaf,) = office.ledger.leaves
    assert isinstance(leaf, WarrantLeaf)
    ((name, data),) = office.book.rows(Space.ENVELOPES)
    row = msgspec.json.decode(data, type=OnSite)
    assert (row.system, row.site) == (office.cart.rid, envelope.site)
    assert (row.since, row.expires, row.bound) == (envelope.iat_ms, envelope.exp_ms, bound_ms(LIFE))
    assert told(leaf, name) == [Put(Space.ENVELOPES, name, data)]
    assert told(msgspec.structs.replace(leaf, x=UNSET), name) == []
    with pytest.raises(ValueError, match="another form"):
        told(msgspec.structs.replace(leaf, x={NAME: {"site": 1}}), name)


async def test_its_tools_lie_within_its_systems_scope() -> None:
    office = Office()
    row = msgspec.structs.replace(office.cart, scope=("cart/*", "drive"))
    office.put(Space.SYSTEMS, row.rid, msgspec.json.encode(row))
    _, envelope = await office.envelopes.grant(office.request(tools=("drive", "cart/lift")))
    assert envelope.tools == ("drive", "cart/lift")
    for tools in (("drive", "bank/pay"), ("*",), ("bank/*",)):
        assert await office.refused(tools=tools) == "envelope.tools"
