# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from answerable.app.people import Person
from answerable.cli.drafts import keep, signed, take
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.errors import Refused
from answerable.log.statement import verify
from answerable.model.leaves import ReleaseLeaf


def test_each_person_signs_once_and_the_draft_keeps_it(tmp_path: Path) -> None:
    people = [Person(name, name * 32, (), Key.generate()) for name in "ab"]
    leaf = signed(ReleaseLeaf(n=nonce(), order="o" * 32, sigs=[], t=0), "origin", people[:1])
    args = argparse.Namespace(draft=str(tmp_path / "d"), source=str(tmp_path / "d"))
    assert keep(args, leaf, reason="why")
    back, beside = take(args, "release")
    assert (back, beside) == (leaf, {"reason": "why"})
    both = signed(back, "origin", [*people, people[0]])
    assert [sig.key for sig in both.sigs] == ["a" * 32, "b" * 32]
    for sig, person in zip(both.sigs, people, strict=True):
        verify(both, "origin", sig, person.key.public)


def test_what_is_no_draft_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "d"
    for text in ("", "[]", "{}", '{"leaf": {}}', '{"leaf": 3}'):
        file.write_text(text)
        with pytest.raises(Refused) as refused:
            take(argparse.Namespace(source=str(file)), "release")
        assert (refused.value.code, refused.value.exit) == ("admin.draft", 2)
    assert not keep(argparse.Namespace(draft=None), None)
