# SPDX-License-Identifier: Apache-2.0
"""Codes that begin with model."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "model.unknown": Entry(
        "No registered model that answers here is called {model}.",
        "此处没有名为 {model} 的已登记模型可供应答。",
        "Ask /v1/models for the names, or use auto.",
        "请通过 /v1/models 查询名称，或使用 auto。",
        http=404,
        exit=3,
    ),
}
