# SPDX-License-Identifier: Apache-2.0
"""A registry with three officers, an owner with a key, a reader, and one action of the owner's system."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from answerable.crypto.ed25519 import Key
from answerable.errors import Refused
from answerable.log.leaf import rid
from answerable.log.statement import sign
from answerable.model.records import Party
from answerable.model.terms import AdminRole
from answerable.privacy.statements import Subject, signatures, with_signatures
from tests.small_registry import ORIGIN, Registry


def a_rid(name: str) -> str:
    return rid(name.encode())


class Small(Registry):
    """officers: (key, rid of the key leaf) of three people; owner: the party that answers, with `owner_key`; reader: a
    person with a viewer's key."""

    def __init__(self) -> None:
        super().__init__()
        self.admin(self.person("boss"), AdminRole.ADMINISTRATOR)
        self.officers = [self.admin(self.person(f"officer {n}"), AdminRole.OFFICER) for n in range(3)]
        self.owner = self.party("Owner")
        self.owner_key = self.key(self.owner)
        self.reader_party: Party = self.person("reader")
        self.reader = self.admin(self.reader_party, AdminRole.VIEWER)
        self.model = self.system(self.owner, "base")
        self.subject = Subject(
            record=a_rid("open"),
            party=self.owner.rid,
            systems=(self.model.rid,),
            leaves=((7, a_rid("open")), (9, a_rid("close"))),
        )

    def signed(self, leaf: Any, *signers: tuple[Key, str]) -> Any:
        """With a signature of each beside those that it has."""
        sigs = [*signatures(leaf), *(sign(leaf, ORIGIN, key, kid) for key, kid in signers)]
        return with_signatures(leaf, sigs)

    def copy_signer(self) -> tuple[Key, str]:
        """A running copy's own key, named by the rid of the copy."""
        key = Key.generate()
        return key, self.copy(self.model, key)


@contextmanager
def refused(code: str) -> Iterator[None]:
    """The block must raise Refused with that code."""
    with pytest.raises(Refused) as raised:
        yield
    assert raised.value.code == code
