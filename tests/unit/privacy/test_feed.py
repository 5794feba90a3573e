# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import msgspec
import pytest

from answerable.crypto import canonical, dsse
from answerable.crypto.b64 import b64, b64u, unb64
from answerable.errors import VerificationError
from answerable.log.leaf import decode
from answerable.model.leaves import KeyLeaf
from answerable.privacy import feed
from answerable.privacy.feed import Cursor, belongs, verify
from tests.small_feed import SmallFeed, small_feed
from tests.small_log import ORIGIN, T0, key, nonce, opened, system, world
from tests.small_registry import Registry


@pytest.fixture(scope="module")
def made() -> SmallFeed:
    return small_feed()


def test_a_reader_needs_the_trust_file_alone(made: SmallFeed) -> None:
    page, cursor = verify(made.pages[0], made.log.trust, Cursor())
    assert (page.number, page.start) == (1, 0)
    assert {leaf.k for _, _, leaf in page.entries} == {"party", "system", "key"}  # type: ignore[attr-defined]
    assert cursor.keys == {made.kid: key("feed").public}
    page, cursor = verify(made.pages[1], made.log.trust, cursor)
    assert [leaf.k for _, _, leaf in page.entries] == ["incident"]  # type: ignore[attr-defined]
    assert (cursor.number, cursor.end) == (2, len(made.log.leaves))
    assert cursor.digest == feed.digest(made.pages[1])


def test_it_is_the_same_each_time(made: SmallFeed) -> None:
    assert small_feed().pages == made.pages


def test_every_byte_matters(made: SmallFeed) -> None:
    _, after = verify(made.pages[0], made.log.trust, Cursor())
    whole = made.pages[1]
    for at in range(0, len(whole), 7):
        with pytest.raises(VerificationError):
            verify(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :], made.log.trust, after)
    for cut in (b"", whole[:-1], whole + b" ", b"{}", b"null", b"\xff"):
        with pytest.raises(VerificationError):
            verify(cut, made.log.trust, after)


def test_a_page_is_the_next_one_or_none(made: SmallFeed) -> None:
    _, after = verify(made.pages[0], made.log.trust, Cursor())
    for data, cursor in (
        (made.pages[1], Cursor()),
        (made.pages[0], after),
        (made.cut(prev="1" * 64), after),
        (made.cut(number=3), after),
    ):
        with pytest.raises(VerificationError, match=r"privacy\.feed"):
            verify(data, made.log.trust, cursor)


def test_another_log_another_key_another_past(made: SmallFeed) -> None:
    stranger = world().log
    stranger.signer = key("stranger")
    with pytest.raises(VerificationError):
        verify(made.pages[0], stranger.trust, Cursor())
    with pytest.raises(VerificationError, match=r"log\.signature"):
        verify(made.page(made.rows[0], [], by="officer"), made.log.trust, Cursor())
    _, after = verify(made.pages[0], made.log.trust, Cursor())
    forked = Cursor(after.number, after.digest, after.end, after.size, b"\x01" * 32, after.keys)
    with pytest.raises(VerificationError, match=r"log\.proof"):
        verify(made.pages[1], made.log.trust, forked)


def test_what_does_not_belong_is_refused(made: SmallFeed) -> None:
    """A leaf of an action in a page, however well it is proven."""
    row = made.rows[0]
    action = next(at for at, data in enumerate(made.log.leaves) if decode(data).k == "open")  # type: ignore[attr-defined]
    odd = made.page(msgspec.structs.replace(row, entries=tuple(sorted((action, *row.entries)))), [])
    with pytest.raises(VerificationError, match=r"privacy\.feed"):
        verify(odd, made.log.trust, Cursor())
    twice = made.page(msgspec.structs.replace(row, entries=(row.entries[0], *row.entries)), [])
    with pytest.raises(VerificationError, match=r"privacy\.feed"):
        verify(twice, made.log.trust, Cursor())


def test_a_second_signature_and_other_members_are_refused(made: SmallFeed) -> None:
    envelope = canonical.loads(made.pages[0])
    more = {**envelope, "signatures": [*envelope["signatures"], {"keyid": "x", "sig": b64(b"s" * 64)}]}
    with pytest.raises(VerificationError, match=r"privacy\.feed"):
        verify(canonical.dumps(more), made.log.trust, Cursor())
    body = canonical.loads(unb64(envelope["payload"]))
    for changed in ({**body, "note": 1}, {**body, "number": "1"}, {**body, "format": "answerable/feed/v2"}):
        data = dsse.sign(feed.PAYLOAD_TYPE, canonical.dumps(changed), key("feed"), made.kid)
        with pytest.raises(VerificationError, match=r"privacy\.feed"):
            verify(data, made.log.trust, Cursor())
    other = dsse.sign("application/json", canonical.dumps(body), key("feed"), made.kid)
    with pytest.raises(VerificationError, match=r"privacy\.feed"):
        verify(other, made.log.trust, Cursor())


def test_a_new_key_takes_over_where_the_log_says_so(made: SmallFeed) -> None:
    after = Cursor()
    for page in made.pages:
        _, after = verify(page, made.log.trust, after)
    follows = small_feed()
    pub = b64u(key("officer").public)
    follows.log.add(KeyLeaf(n=nonce("next"), own=ORIGIN, prev=follows.kid, pub=pub, t=T0, use=feed.USE))
    with pytest.raises(VerificationError, match=r"log\.signature"):
        verify(follows.cut(), follows.log.trust, after)  # signed by the key that was replaced


def test_nothing_of_an_action_and_nothing_of_a_person() -> None:
    registry = Registry()
    firm, person = registry.party("A firm"), registry.person("A person")

    key_of_firm = registry.key(firm)[1]
    leaves = [decode(data) for data in registry.leaves]
    told = [leaf for leaf in leaves if belongs(leaf, registry.book, ORIGIN)]
    assert key_of_firm
    assert [leaf.k for leaf in told] == ["party", "key"]  # type: ignore[attr-defined]
    assert all("PERSON" not in json.dumps(msgspec.to_builtins(leaf)) for leaf in told)
    assert not belongs(opened(world().rids), registry.book, ORIGIN)
    assert belongs(system("a", 1, "model", firm.rid), registry.book, ORIGIN)
    own = KeyLeaf(n=nonce("log"), own=person.rid, pub="p", t=T0, use="admin")
    assert not belongs(own, registry.book, ORIGIN)
    assert belongs(msgspec.structs.replace(own, own=ORIGIN, use="log"), registry.book, ORIGIN)
