# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.app.clock import SystemClock
from answerable.app.node_card import read_card
from answerable.app.node_create import node_key
from answerable.app.node_link import Link
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.errors import Refused, Unavailable, VerificationError
from answerable.registry.requests import EndCopy
from answerable.warrants.far import Ask
from tests.small_nodes import joined, plane, wire

DRAWN = "AAAAAAAAAAAAAAAAAAAAAA"


async def test_questions_are_answered_and_answers_believed_by_signature_alone(tmp_path: Path) -> None:
    async with plane(tmp_path / "control") as control, wire(control) as way:
        settings = await joined(control, tmp_path / "node")
        card, key, clock = read_card(settings.store_path), node_key(settings.store_path), SystemClock()
        link = Link(way.url, card, key, clock)
        try:
            told = await link.changes("", wait=False)
            assert told.whole
            assert link.heard_ms > 0
            assert await link.recorded() == 0
            answers = await link.warrants([Ask(copy="nobody", nonce=DRAWN, seq=1)])
            assert [type(answer) for answer in answers] == [Refused]
            with pytest.raises(Refused, match=r"node\.not_its"):
                await link.end_copy(EndCopy(copy="nobody"))
            await link.give_back([Ask(copy="nobody", nonce=DRAWN, seq=1)])
        finally:
            await link.close()

        import msgspec

        other = msgspec.structs.replace(card, issuer_key=b64u(Key.generate().public))
        fooled = Link(way.url, other, key, clock)
        try:
            with pytest.raises(VerificationError, match=r"node\.answer"):
                await fooled.changes("", wait=False)
            assert fooled.heard_ms == 0, "who is not believed was not heard"
        finally:
            await fooled.close()

        stranger = Link(way.url, card, Key.generate(), clock)
        try:
            with pytest.raises(Refused, match=r"admin\.unsigned"):
                await stranger.changes("", wait=False)
        finally:
            await stranger.close()

        await way.cut()
        away = Link(way.url, card, key, clock)
        try:
            with pytest.raises(Unavailable, match=r"node\.away"):
                await away.changes("", wait=False)
            with pytest.raises(Unavailable, match=r"node\.away"):
                await away.receipt(b"{}")
        finally:
            await away.close()
