# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import fields

from answerable.model.terms import Moment, Relation
from answerable.registry import duties, tables
from answerable.registry.tiers import TierFacts


def test_each_row_has_a_reason_in_both_languages_a_source_and_facts_that_exist() -> None:
    table = tables.tiers()
    assert len({row.id for row in table.row}) == len(table.row)
    known = {field.name for field in fields(TierFacts)}
    for row in table.row:
        assert 1 <= row.tier <= 4
        assert all((row.reason, row.reason_zh, row.source, row.when))
        for condition in row.when:
            assert condition.fact in known
            tests = (condition.at_least, condition.any_of, condition.is_)
            assert sum(test is not None for test in tests) == 1
            if condition.fact == "traits":
                assert condition.any_of is not None
                assert condition.any_of <= tables.capabilities().keys()
    assert {row.tier for row in table.row} == {1, 2, 3, 4}
    assert table.free_relations == {Relation.QUANTIZED, Relation.MERGE, Relation.COPY}


def test_capabilities_have_words_and_only_what_a_system_can_do_is_inherited() -> None:
    words = tables.capabilities()
    assert all(entry.words and entry.words_zh for entry in words.values())
    assert {name for name, entry in words.items() if entry.inherits} == {"redline", "redline.jump"}
    assert {name for name, entry in words.items() if entry.generates} == {"text", "image", "audio", "video"}


def test_each_duty_can_be_checked_or_says_why_not() -> None:
    table = tables.duties()
    assert len({row.id for row in table.duty}) == len(table.duty)
    for row in table.duty:
        assert 0 <= row.tier <= 4
        assert row.moments
        assert row.words
        assert row.words_zh
        if row.check:
            assert row.check in duties._CHECKS, row.id
            assert row.remedy
            assert row.remedy_zh
        else:
            assert row.missing, row.id
            assert row.missing_zh, row.id
    assert {moment for row in table.duty for moment in row.moments} == set(Moment)
    assert set(duties._CHECKS) == {row.check for row in table.duty if row.check}
