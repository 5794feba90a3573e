# SPDX-License-Identifier: Apache-2.0
"""Making a store: its keys, its log with its first leaves, the party that operates it, and the people who administer.

`serve` never makes one by accident: this is done by `init`, and by `demo` for a store that stays a demo's.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from answerable import durable
from answerable.app import keys as own_keys
from answerable.app.beginning import begin, log_key, sign_first
from answerable.app.core import DEMO, TRUST_FILE, Core, check_socket
from answerable.app.people import FOLDER, Person, write
from answerable.config import Config
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce, opaque_id
from answerable.errors import Refused, Unavailable
from answerable.log import leaf as leaves
from answerable.log.statement import to_sign
from answerable.model.leaves import KeyLeaf
from answerable.model.terms import AdminRole
from answerable.registry import admins, parties
from answerable.registry.find import person as find_person
from answerable.registry.ids import parse
from answerable.registry.requests import EnrolAdmin, RegisterParty

# A SPIFFE trust domain (SPIFFE-ID section 2.1): lower-case letters, digits, dots, dashes and underscores.
_DOMAIN: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?")

# Who is there at the start. Two officers, since one can only suspend; nobody has two of the roles that check each
# other.
STAFF: Final = (
    ("admin", (AdminRole.ADMINISTRATOR,)),
    ("officer-1", (AdminRole.OFFICER,)),
    ("officer-2", (AdminRole.OFFICER,)),
)


# Whoever reauthorises must not have signed the order: a demo that shows both needs four. Its payments wait for the
# approver.
DEMO_STAFF: Final = (
    *STAFF,
    ("officer-3", (AdminRole.OFFICER,)),
    ("officer-4", (AdminRole.OFFICER,)),
    ("approver", (AdminRole.APPROVER,)),
)


@dataclass(frozen=True, slots=True)
class Founding:
    """domain: the trust domain, for ever; operator, operator_name: the party that runs this gateway."""

    domain: str
    operator: str
    operator_name: str
    staff: tuple[tuple[str, tuple[AdminRole, ...]], ...] = STAFF
    demo: bool = False


async def create(config: Config, founding: Founding) -> Core:
    """A new store, open. Its people's keys lie in its `people` folder, to be handed out, its trust file beside.

    Raises Refused ``store.exists``, ``party.id|name``, ``config.value``, Unavailable ``store.*``.
    """
    path = config.store_path
    if not _DOMAIN.fullmatch(founding.domain):
        raise Refused("config.value", detail=f"{founding.domain} is no trust domain")
    parse(founding.operator)  # before anything is written
    check_socket(config)
    core = await begin(config, founding.domain, demo=founding.demo)
    try:
        await _first_leaves(core, founding)
        await core.commit(
            parties.register(core.book, RegisterParty(id=founding.operator, name=founding.operator_name), core.now)
        )
        by = ""
        for name, roles in founding.staff:
            enrolled = await enrol(core, name, roles, by)
            write(path / FOLDER, enrolled)
            by = by or enrolled.kid
        durable.write(path / TRUST_FILE, core.trust, 0o644)
        _settle(path, config.guard_path)
    except BaseException:
        await core.close()
        raise
    return core


async def enrol(core: Core, name: str, roles: tuple[AdminRole, ...], by: str) -> Person:
    """A new person with a new key. by: rid of the administrator's key leaf, "" for the first administrator."""
    party = f"PERSON-{opaque_id()}"
    await core.commit(parties.register(core.book, RegisterParty(id=party, name=name), core.now))
    key = Key.generate()
    request = EnrolAdmin(person=party, key=b64u(key.public), roles=roles, nonce=nonce(), signature="")
    statement = admins.enrol_statement(find_person(core.book, party), request)
    signed = EnrolAdmin(
        person=party,
        key=request.key,
        roles=roles,
        nonce=request.nonce,
        signature=b64u(key.sign(to_sign(statement, core.origin))),
    )
    kid = await core.commit(admins.enrol(core.book, signed, core.now, by=by))
    return Person(name, kid, roles, key)


async def _first_leaves(core: Core, founding: Founding) -> None:
    """Leaf 0 and 1 name the keys of log and issuer; whose log this is stands in the state from the same unit on."""
    public = b64u(core.keys.warrant.public)
    issuer = KeyLeaf(n=nonce(), own=core.origin, pub=public, t=core.now, use=own_keys.WARRANT)
    rows = {"issuer": leaves.rid(leaves.encode(issuer)), "operator": founding.operator}
    if founding.demo:
        rows[DEMO] = "for life"
    await sign_first(core, (log_key(core), issuer), rows)


def _settle(*folders: Path) -> None:
    """Everything in the folders, and the folders' own names, outlive a power cut: whoever is told that a store was made
    may hand out its keys. Raises Unavailable ``store.failed``."""
    found = [path for folder in folders for path in (folder.parent, folder, *folder.rglob("*"))]
    # SQLite syncs its own files; to close one behind its back would end its locks (fcntl(2), "lost locks").
    found = [path for path in found if ".db" not in path.name]
    try:
        for path in found:
            if path.is_file() or path.is_dir():
                file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
                try:
                    os.fsync(file)
                finally:
                    os.close(file)
    except OSError as error:
        raise Unavailable("store.failed", detail=f"{path}: {error.strerror}") from None
