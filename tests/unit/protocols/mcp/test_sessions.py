# SPDX-License-Identifier: Apache-2.0
import pytest

from answerable.errors import Refused
from answerable.protocols.mcp.sessions import NOTHING, Able, Sessions, able

HERE = Sessions(b"k" * 32)
NONCE = b"n" * 16


@pytest.mark.parametrize("can", [NOTHING, Able(form=True), Able(url=True), Able(form=True, url=True)])
def test_an_id_says_what_the_client_can(can: Able) -> None:
    session = HERE.mint("desk", "copy", can, NONCE)
    assert all(0x21 <= ord(each) <= 0x7E for each in session)
    assert Sessions(b"k" * 32).read(session, "desk", "copy") == can, "over a restart"


def test_an_id_is_one_callers_at_one_server() -> None:
    session = HERE.mint("desk", "copy", Able(form=True), NONCE)
    other = HERE.mint("desk", "copy", NOTHING, NONCE)
    forged = other[:2] + session[2:]
    for read, server, copy, which in (
        (session, "desk", "other", HERE),
        (session, "bank", "copy", HERE),
        (session, "desk", "copy", Sessions(b"x" * 32)),
        (forged, "desk", "copy", HERE),
        ("", "desk", "copy", HERE),
        ("é", "desk", "copy", HERE),
        (session + "=", "desk", "copy", HERE),
        (session[:-2], "desk", "copy", HERE),
    ):
        with pytest.raises(Refused) as caught:
            which.read(read, server, copy)
        assert caught.value.code == "mcp.session"


def test_what_a_client_says_of_itself() -> None:
    assert able({}) == able(None) == able({"elicitation": None}) == NOTHING
    assert able({"elicitation": {}}) == Able(form=True), "empty means forms"
    assert able({"elicitation": {"form": {}}}) == Able(form=True)
    assert able({"elicitation": {"url": {}}}) == Able(url=True)
    assert able({"elicitation": {"form": {}, "url": {}}}) == Able(form=True, url=True)
    assert not NOTHING.asks
    assert Able(url=True).asks
