# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.verify.audit.findings import Finding


def test_one_shape_in_both_languages() -> None:
    found = Finding("monitor.duplicate", 5, 7, "r" * 32, {"what": "nonce", "earlier": 3})
    shown = found.as_dict()
    assert (shown["code"], shown["index"], shown["rid"], shown["at"]) == ("monitor.duplicate", 7, "r" * 32, 5)
    assert shown["params"] == {"what": "nonce", "earlier": 3}
    assert shown["reason"] == found.reason() == "Leaf 7 repeats the nonce of leaf 3."
    assert shown["reason_zh"] == found.reason("zh") == "叶子 7 与叶子 3 的随机数重复。"
    assert shown["remedy"] == found.remedy()
    assert shown["remedy_zh"] == found.remedy("zh")
