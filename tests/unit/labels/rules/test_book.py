# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from datetime import date

import pytest

from answerable.labels.rules.book import BOOKS, READ, book
from answerable.labels.rules.checking import CHECKS

RULES = [rule for name in BOOKS for rule in book(name).rule]


def test_every_rule_names_a_check_that_there_is_and_every_check_has_a_rule() -> None:
    assert {rule.check for rule in RULES if rule.check} == set(CHECKS)
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.id.split(".")[0] in BOOKS
        assert rule.read in READ
        assert all((rule.clause, rule.title, rule.title_zh, rule.remedy, rule.remedy_zh, rule.source, rule.ours))
        assert any("\u4e00" <= c <= "\u9fff" for c in rule.title_zh + rule.remedy_zh)


def test_what_was_only_quoted_claims_no_source_that_was_read() -> None:
    """A rule that says that its text was read names where."""
    for rule in RULES:
        assert ("reprint" in rule.source) == (rule.read == "source"), rule.id


def test_which_rules_a_file_is_tested_with() -> None:
    cn, eu, ca = map(book, BOOKS)
    assert {rule.id for rule in cn.about("text", "plain", deployer=True)} == {"cn.explicit.text", "cn.tampering"}
    assert "cn.explicit.image" in {rule.id for rule in cn.about("image", "png", deployer=False)}
    assert "cn.explicit.video" not in {rule.id for rule in cn.about("image", "png", deployer=False)}
    assert ca.about("text", "html", deployer=True) == ()
    bound = [rule.id for rule in eu.about("image", "png", deployer=True)]
    assert [each for each in bound if each not in {r.id for r in eu.about("image", "png", deployer=False)}] == [
        "eu.deployer"
    ]
    assert "eu.code.metadata" not in {rule.id for rule in eu.about("text", "markdown", deployer=False)}
    assert "eu.code.metadata" in {rule.id for rule in eu.about("text", "pdf", deployer=False)}
    assert {rule.id for rule in cn.duties} == {"cn.explicit.interface", "cn.terms", "cn.agreed"}


def test_from_when_they_are_in_force() -> None:
    assert {rule.from_ for rule in book("cn").rule} == {date(2025, 9, 1)}
    assert {rule.from_ for rule in (*book("eu").rule, *book("ca").rule)} == {date(2026, 8, 2)}


def test_no_other_book() -> None:
    with pytest.raises(KeyError):
        book("../cn")
