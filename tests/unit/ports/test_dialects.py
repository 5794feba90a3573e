# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.ports import dialects
from tests.interfaces import contracts


def test_these_are_the_contracts_and_their_members() -> None:
    assert contracts(dialects) == {
        "Decoder": {"end", "feed"},
        "Dialect": {
            "act",
            "answers",
            "content",
            "decoder",
            "encode",
            "kind",
            "label_format",
            "limits",
            "original",
            "path",
            "prepare",
            "stamp",
            "trailer",
        },
        "Transcript": {"add", "body", "texts"},
        "Out": {"fail", "finish", "send", "start"},
    }
