# SPDX-License-Identifier: Apache-2.0
"""The lineage index over lists and over numpy's arrays gives the same answers as a model that walks through rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.model.terms import Criticality, World
from answerable.registry import adjacency, levels
from answerable.registry.lines import Lines

CLASSES = [
    (0, (World.INFORMATION,), Criticality.ORDINARY),
    (1, (World.INFORMATION, World.PHYSICAL), Criticality.CRITICAL),
    (4, (World.BIOLOGICAL,), Criticality.SENSITIVE),
]


def digest(n: int) -> str:
    # Digests that begin alike, too: their order is decided by what follows.
    return "sha256:" + ("00" * 8 if n % 3 else "") + sha256(b"%d" % n).hexdigest()[: 48 if n % 3 else 64]


@dataclass
class Naive:
    """Rows in a dictionary."""

    rows: dict[int, Any] = field(default_factory=dict)

    def reach(self, roots: set[int], *, descend: bool, twins: bool) -> set[int]:
        found = set(roots)
        while True:
            digests = {d for n in found for d in self.rows[n]["digests"]}
            more = {
                n
                for n, row in self.rows.items()
                if (descend and found & set(row["weights"])) or (twins and digests & set(row["digests"]))
            }
            if more <= found:
                return found
            found |= more

    def users(self, of: set[int]) -> set[int]:
        found = set(of)
        while more := {n for n, row in self.rows.items() if found & set(row["uses"])} - found:
            found |= more
        return found - of


@st.composite
def registries(draw: st.DrawFn) -> list[dict[str, Any]]:
    rows = []
    for num in range(1, draw(st.integers(1, 24)) + 1):
        above = st.lists(st.integers(1, num - 1), max_size=3, unique=True) if num > 1 else st.just([])
        weights = draw(above)
        rows.append(
            {
                "num": num,
                "weights": weights,
                "uses": [n for n in draw(above) if n not in weights],
                "digests": [digest(n) for n in draw(st.lists(st.integers(0, 30), max_size=2, unique=True))],
                "kind": draw(st.sampled_from(CLASSES)),
                "parties": draw(st.lists(st.sampled_from("abcde"), min_size=1, max_size=3, unique=True)),
                "copies": draw(st.integers(0, 3)),
            }
        )
    return rows


def fill(lines: Lines, rows: list[dict[str, Any]], first: dict[str, int]) -> None:
    for row in rows:
        lines.add(
            row["num"],
            row["kind"],
            row["parties"],
            weights=row["weights"],
            uses=row["uses"],
            digests=row["digests"],
            firsts=[first.setdefault(d, row["num"]) for d in row["digests"]],
            copies=row["copies"],
        )


def told(lines: Lines, reach: Any) -> dict[str, Any]:
    return {
        "numbers": list(reach),
        "count": len(reach),
        "copies": reach.copies(),
        "running": list(reach.running()),
        "groups": sorted(map(repr, reach.groups())),
        "parties": sorted(reach.parties()),
        "digests": reach.digest_count(),
    }


@settings(deadline=None, max_examples=120)
@given(registries(), st.data())
def test_lists_arrays_and_rows_agree_as_systems_register(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    numpy = pytest.importorskip("numpy")
    few, many = Lines(compress=False), Lines(compress=True)
    naive = Naive()
    cut = data.draw(st.integers(0, len(rows)))
    overlay = data.draw(st.sampled_from([0, 3, 10_000]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adjacency, "OVERLAY", overlay)
        # Downwards from the roots, in one pass over all edges, and one after the other.
        patch.setattr(adjacency, "LARGE", data.draw(st.sampled_from([1, 3, 1_000])))
        patch.setattr(levels, "YOUNG", data.draw(st.sampled_from([1, 10**9])))
        seen: tuple[dict[str, int], dict[str, int]] = ({}, {})
        for part in (rows[:cut], rows[cut:]):
            fill(few, part, seen[0])
            fill(many, part, seen[1])
            naive.rows.update({row["num"]: row for row in part})
            if not naive.rows:
                continue
            # Asked in between: what was built then must take in what comes later.
            num = data.draw(st.sampled_from(sorted(naive.rows)))
            for descend, twins in ((True, True), (True, False), (False, True), (False, False)):
                expected = naive.reach({num}, descend=descend, twins=twins)
                one = few.reach((num,), descend=descend, twins=twins)
                two = many.reach((num,), descend=descend, twins=twins)
                assert told(few, one) == told(many, two)
                assert set(one) == expected
                assert all((n in one) == (n in two) == (n in expected) for n in range(len(rows) + 3))
                assert one.copies() == sum(naive.rows[n]["copies"] for n in expected)
                assert set(one.parties()) == {p for n in expected for p in naive.rows[n]["parties"]}
                assert set(few.users(one)) == set(many.users(two)) == naive.users(expected)
                digests = sorted({d for n in expected for d in naive.rows[n]["digests"]})
                if twins:
                    assert one.digest_count() == two.digest_count() == len(digests)
                    text = sha256("\n".join(digests).encode()).hexdigest()
                    assert two.digest_list() == (len(digests), text)
            for world in World:
                expected = {n for n, row in naive.rows.items() if world in row["kind"][1]}
                assert set(few.where(world=world)) == set(many.where(world=world)) == expected
            expected = {n for n, row in naive.rows.items() if "c" in row["parties"]}
            assert set(few.where(party="c")) == set(many.where(party="c")) == expected
            assert set(few.where()) == set(many.where()) == set(naive.rows)
            moved = data.draw(st.sampled_from(sorted(naive.rows)))
            copies = data.draw(st.integers(0, 9))
            for lines in (few, many):
                lines.moved(moved, ["z"])
                lines.runs(moved, copies)
            naive.rows[moved] = {**naive.rows[moved], "parties": ["z"], "copies": copies}
    assert numpy is not None
    for num in naive.rows:
        children = sorted(n for n, row in naive.rows.items() if num in (*row["weights"], *row["uses"]))
        assert few.children(num) == many.children(num) == children


def test_an_index_that_grows_takes_the_other_form_and_says_the_same() -> None:
    pytest.importorskip("numpy")
    lines, plain = Lines(), Lines(compress=False)
    rows = [
        {
            "num": n,
            "weights": [n // 2] if n > 1 else [],
            "uses": [n // 3] if n % 7 == 0 else [],
            "digests": [digest(n if n % 50 else 50)],
            "kind": CLASSES[n % 3],
            "parties": [f"p{n % 11}"],
            "copies": n % 2,
        }
        for n in range(1, 6_001)
    ]
    seen: tuple[dict[str, int], dict[str, int]] = ({}, {})
    for start in range(0, 6_000, 1_500):
        part = rows[start : start + 1_500]
        lines.expect(len(part))
        fill(lines, part, seen[0])
        fill(plain, part, seen[1])
        for root in (1, 2, 50, start + 1):
            one, two = (each.reach((root,), descend=True, twins=True) for each in (lines, plain))
            assert told(lines, one) == told(plain, two)
    assert type(one).__name__ == "ManyReached"
    assert type(two).__name__ == "FewReached"
