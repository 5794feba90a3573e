# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
from importlib import import_module

import pytest

from answerable.cli.verbs import GROUPS, VERBS

ISSUE = (
    "serve demo init doctor register ls describe lineage ps top who verify stop reauthorise log policy config "
    "completion announce transfer copy handles party admin model release witness data feed"
    " device drill gateway guard incidents keys label officers onsite pulse read recover redlines relay"
    " budgets calls holds tools"
)


def test_every_verb_is_there_once() -> None:
    assert set(VERBS) == set(ISSUE.split())
    assert sum(len(group.verbs) for group in GROUPS) == len(VERBS)


@pytest.mark.parametrize("name", sorted(VERBS))
def test_a_verb_has_its_module_and_both_languages(name: str) -> None:
    verb = VERBS[name]
    assert callable(import_module(f"answerable.cli.{verb.module}").add)
    assert re.search(r"[\u4e00-\u9fff]", verb.chinese)
    assert not re.search(r"[\u4e00-\u9fff]", verb.english)
