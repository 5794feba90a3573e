# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools

import pytest

from answerable.marks.tracing import Evidence, Sure, settle

R, S, T = ("r",), ("s",), ("t",)
NEAR = (1, 2, 3)


@pytest.mark.parametrize(
    ("found", "sure", "record", "by", "against"),
    [
        (Evidence(), Sure.NOBODY, "", (), ()),
        (Evidence(digest=R), Sure.PROVEN, "r", ("digest",), ()),
        (Evidence(digest=R, label=R, watermark=R), Sure.PROVEN, "r", ("digest", "watermark", "label"), ()),
        (Evidence(digest=R, watermark=S), Sure.PROVEN, "r", ("digest",), ("watermark",)),
        (Evidence(digest=R, label=S), Sure.CONTRADICTED, "", (), ("digest", "label")),
        (Evidence(content=R), Sure.MATCHING, "r", ("content",), ()),
        (Evidence(watermark=R), Sure.PROBABLY, "r", ("watermark",), ()),
        (Evidence(watermark=R, label=R), Sure.MATCHING, "r", ("watermark", "label"), ()),
        (Evidence(watermark=R, near={"r": NEAR}), Sure.MATCHING, "r", ("watermark", "fingerprint"), ()),
        (
            Evidence(watermark=R, label=R, against=("fingerprint",)),
            Sure.PROBABLY, "r", ("watermark", "label"), ("fingerprint",),
        ),
        (Evidence(watermark=R, label=S), Sure.CONTRADICTED, "", (), ("watermark", "label")),
        (Evidence(watermark=R, near={"s": NEAR}), Sure.CONTRADICTED, "", (), ("watermark", "fingerprint")),
        (Evidence(near={"r": NEAR}), Sure.PROBABLY, "r", ("fingerprint",), ()),
        (Evidence(near={"r": NEAR}, label=R), Sure.PROBABLY, "r", ("fingerprint", "label"), ()),
        (Evidence(near={"r": NEAR}, label=S), Sure.CONTRADICTED, "", (), ("fingerprint", "label")),
        (Evidence(words={"r": (9, 24)}), Sure.PROBABLY, "r", ("words",), ()),
        (Evidence(label=R), Sure.UNSURE, "", ("label",), ()),
        (Evidence(label=R, against=("fingerprint",)), Sure.CONTRADICTED, "", (), ("label", "fingerprint")),
        (Evidence(label=R, against=("words",)), Sure.CONTRADICTED, "", (), ("label", "words")),
    ],
)  # fmt: skip
def test_layers_are_settled(
    found: Evidence, sure: Sure, record: str, by: tuple[str, ...], against: tuple[str, ...]
) -> None:
    settled = settle(found)
    assert (settled.sure, settled.record, settled.by, settled.against) == (sure, record, by, against)


def test_of_several_the_one_that_most_layers_name_then_the_newest_then_the_nearest() -> None:
    assert settle(Evidence(digest=(*R, *S, *T))).record == "t"
    assert settle(Evidence(digest=(*R, *S, *T), label=S)).record == "s"
    assert settle(Evidence(near={"r": (3, 3, 3), "s": (1, 0, 0), "t": (2, 2, 2)})).record == "s"
    assert settle(Evidence(near={"newer": NEAR, "older": NEAR})).record == "newer"
    assert settle(Evidence(words={"r": (7, 24), "s": (20, 24)})).record == "s"


def test_nobody_is_named_where_a_label_and_anything_else_disagree() -> None:
    for digest, content, mark, near in itertools.product((R, ()), (R, ()), (R, ()), ({"r": NEAR}, {})):
        found = Evidence(label=S, digest=digest, content=content, watermark=mark, near=near)
        if digest or content or mark or near:
            assert settle(found).record == ""
            assert settle(found).sure is Sure.CONTRADICTED
