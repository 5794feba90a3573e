# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.marks.aigc import Found
from answerable.marks.verdict import judge
from answerable.model.labels import AIGC, Reading

FOUND = Found(AIGC(label="1", content_producer="p", produce_id="rid"))


def test_the_four_verdicts() -> None:
    assert judge().verdict is Reading.NOT_LABELLED
    assert judge(records=("rid",)).verdict is Reading.NOT_LABELLED
    assert judge(explicit="AI-generated").verdict is Reading.LABELLED
    assert judge(aigc=FOUND).verdict is Reading.LABELLED
    assert judge(readable=False, aigc=FOUND).verdict is Reading.UNCHECKED
    assert judge(aigc=FOUND, records=("", "other")).verdict is Reading.INCONSISTENT
    assert judge(records=("a", "b")).verdict is Reading.INCONSISTENT
    assert judge(aigc=Found(FOUND.aigc, ("kind",))).verdict is Reading.INCONSISTENT


def test_what_is_reported() -> None:
    reading = judge(explicit="AI生成", aigc=Found(FOUND.aigc, ("glued",)), records=("rid",), problems=("x",))
    assert (reading.explicit, reading.aigc, reading.record) == ("AI生成", FOUND.aigc, "rid")
    assert reading.problems == ("x", "glued")
    assert judge(aigc=FOUND).record == "rid"
    assert "records_differ" in judge(aigc=FOUND, records=("other",)).problems
