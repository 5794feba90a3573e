# SPDX-License-Identifier: Apache-2.0
"""Making a gateway node's store, and joining it to the control plane that enrolled it.

A node has keys of its own: its log's, its own name's, those of the copies that it serves. It has no issuer's key and
registers nothing: what it knows of the registry it is told.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from msgspec import UNSET

from answerable import durable
from answerable.app import keys as own_keys
from answerable.app.core import TRUST_FILE, check_socket, run_core
from answerable.app.node_card import CARD_FILE, REQUEST_FILE, Card, NodeRequest, parse_card, read_request, write
from answerable.app.stores import create_store, probe
from answerable.config import Config
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.errors import Refused, Unavailable, VerificationError
from answerable.log import leaf as leaves
from answerable.log.checkpoint import SAFE_MEMBER
from answerable.log.leaf import is_rid
from answerable.log.note import VerifierKey
from answerable.log.statement import to_sign
from answerable.model.leaves import KeyLeaf
from answerable.model.records import Party
from answerable.model.terms import PartyKind, Standing
from answerable.model.units import Expect, Put, Space, Unit
from answerable.registry import nodes
from answerable.registry.nodes import EnrolNode
from answerable.sequencer.guard import Guard

KEY_FILE: Final = "node.key"
PURPOSE: Final = "node"


def node_key(store: Path) -> Key:
    """Raises Refused ``log.key``, Unavailable ``store.failed``."""
    return Key.load(store / own_keys.FOLDER / KEY_FILE, purpose=PURPOSE)


async def create_node(config: Config, *, domain: str, name: str, party: str, origin: str = "") -> NodeRequest:
    """A new node's store, with the request that its control plane is shown.

    domain: the control plane's; name: of this gateway; party: record id of who answers for what it records; origin: of
    its own log, ``<name>.<domain>`` if not told. Raises Refused ``store.exists``, ``node.name``, ``config.value``,
    Unavailable ``store.*``.
    """
    path = config.store_path
    origin = origin or f"{name}.{domain}"
    if not nodes.fits(name):
        raise Refused("node.name", name=name)
    if not is_rid(party):
        raise Refused("config.value", detail="--party: a record id, as `answerable party ls` shows it")
    try:
        VerifierKey.of(origin, bytes(32))
    except VerificationError:
        raise Refused("config.value", detail=f"{origin!r} is no origin of a log") from None
    if path.exists() and any(path.iterdir()):
        raise Refused("store.exists", path=str(path))
    check_socket(config)
    probe(config)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable("store.failed", detail=f"{path}: {error.strerror}") from None
    keys = own_keys.create(path)
    key = Key.generate()
    key.save(path / own_keys.FOLDER / KEY_FILE, purpose=PURPOSE)
    store = create_store(config, keys.payload)
    try:
        guard = Guard.create(config.guard_path, origin)
    except BaseException:
        store.close()
        raise
    core = await run_core(config, keys, store, guard, origin, origin, demo=False)
    try:
        safe = {SAFE_MEMBER: b64u(keys.safe.public)} if keys.safe is not None else UNSET
        first = KeyLeaf(n=nonce(), own=origin, pub=b64u(keys.log.public), t=core.now, use=own_keys.LOG, x=safe)
        rows = {"domain": origin, "origin": origin}
        await core.ledger.commit(
            Unit(
                leaves=(leaves.encode(first),),
                effects=tuple(Put(Space.MISC, name, value.encode()) for name, value in rows.items()),
                expect=(Expect(Space.MISC, "domain", None),),
            )
        )
        durable.replace(path / TRUST_FILE, core.trust, 0o644)
    finally:
        await core.close()
    request = _request(key, domain, name, party, str(VerifierKey.of(origin, keys.log.public)))
    write(path / REQUEST_FILE, request)
    durable.sync(path)
    return request


def join(store: Path, data: bytes) -> Card:
    """Keep the card that the control plane gave, if it is for this node. Raises Refused ``node.card``."""
    card = parse_card(data)
    request = read_request(store / REQUEST_FILE)
    if (card.domain, card.name) != (request.domain, request.name):
        raise Refused("node.card", detail=f"it is for {card.name} of {card.domain}")
    write(store / CARD_FILE, card)
    durable.sync(store)
    return card


def _request(key: Key, domain: str, name: str, party: str, log: str) -> NodeRequest:
    draft = EnrolNode(party=party, name=name, key=b64u(key.public), log=log, nonce=nonce(), signature="")
    # The key leaf names the party by its record id and nothing else of it.
    answers = Party(rid=party, id="", kind=PartyKind.ORG, name="", standing=Standing.DECLARED, since=0)
    signature = b64u(key.sign(to_sign(nodes.enrol_statement(answers, draft), domain)))
    return NodeRequest(
        domain=domain, name=name, party=party, key=draft.key, log=log, nonce=draft.nonce, signature=signature
    )
