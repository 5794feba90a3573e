# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused
from answerable.model.terms import PartyKind
from answerable.registry import ids


@pytest.mark.parametrize("code", ["91440300708461136T", "9111000071093123XX"])
def test_codes_from_public_registers_hold(code: str) -> None:
    found = ids.parse(f"NTRCN-{code}")
    assert (found.scheme, found.value, found.kind, found.checked) == ("NTRCN", code, PartyKind.ORG, True)


@pytest.mark.parametrize("code", ["HWUPKR0MPOU8FGXBT394", "529900T8BM49AURSDO55", "5493001KJTIIGC8Y1R12"])
def test_legal_entity_identifiers_from_the_public_list_hold(code: str) -> None:
    assert ids.parse(f"LEIXG-{code}").checked


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("NTRDE-HRB12345", PartyKind.ORG),
        ("VATEL-123456789", PartyKind.ORG),
        ("VATFR-12345678901", PartyKind.ORG),
        ("PERSON-abcdefghijklmnopqrstuvwxyz", PartyKind.PERSON),
    ],
)
def test_forms_without_check_digits_say_so(text: str, kind: PartyKind) -> None:
    found = ids.parse(text)
    assert (str(found), found.kind, found.checked) == (text, kind, False)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "form"),
        ("NTRCN", "form"),
        ("NTRCN-", "form"),
        ("NTRCN-91440300708461136t", "form"),
        ("NTRCN-91440300708461136T ", "form"),
        ("NTRCN-91440300708461136I", "form"),
        ("NTRCN-91440300708461137T", "organisation_check"),
        ("NTRCN-91440300708461136U", "check"),
        ("LEIXG-HWUPKR0MPOU8FGXBT395", "check"),
        ("LEIXG-HWUPKR0MPOU8FGXBT39", "form"),
        ("NTRXX-1", "register"),
        ("VATCN-", "form"),
        ("NTREL-1", "register"),
        ("NTRDE--", "form"),
        ("NTRDE-a b", "form"),
        ("PERSON-ABCDEFGHIJKLMNOPQRSTUVWXYZ", "form"),
        ("spiffe://registry.example/system/abc", "form"),
        ("NTRCN-９1440300708461136T", "form"),
    ],
)
def test_what_is_wrong_is_refused_with_the_reason(text: str, problem: str) -> None:
    with pytest.raises(Refused) as caught:
        ids.parse(text)
    assert caught.value.code == "party.id"
    assert caught.value.params["problem"] == problem


def test_one_legal_entity_identifier_has_one_spelling_of_its_check_digits() -> None:
    """00, 01 and 99 leave the same remainder as 97, 98 and 02."""
    for first in range(2_000):
        body = f"{first:018d}"
        check = ids.lei_check(body)
        assert 2 <= int(check) <= 98
        ids.check_lei(body + check)
        other = {"02": "99", "97": "00", "98": "01"}.get(check)
        if other:
            with pytest.raises(Refused):
                ids.check_lei(body + other)


def test_demo_identifiers_are_well_formed_stable_and_from_unassigned_ranges() -> None:
    for make in (ids.unassigned_uscc, ids.unassigned_lei):
        made = {make(seed) for seed in range(300)}
        assert len(made) == 300
        assert all(ids.parse(text).checked and ids.is_unassigned(text) for text in made)
        assert make("demo") == make("demo")
    assert ids.unassigned_uscc(1)[8:10] == "99"
    assert ids.unassigned_lei(1)[6:12] == "000000"
    assert not ids.is_unassigned("NTRCN-91440300708461136T")
    assert not ids.is_unassigned("LEIXG-HWUPKR0MPOU8FGXBT394")
