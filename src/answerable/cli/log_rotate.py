# SPDX-License-Identifier: Apache-2.0
"""`log rotate-key`: the log goes on under the same origin with a new key."""

from __future__ import annotations

import argparse
from typing import Final

from answerable.cli.parser import NewVerb, Parser
from answerable.cli.talk import emit, pick

EXAMPLES: Final = """\
  answerable log rotate-key --store ./store      while nothing serves it; then hand out its trust file again
"""


def add(new_verb: NewVerb) -> None:
    parser: Parser = new_verb("rotate-key", "a new key for the log; the old one signs it in and is withdrawn")
    parser.examples = EXAMPLES
    parser.set_defaults(run=rotate)


def rotate(args: argparse.Namespace) -> int:
    import asyncio

    from answerable.app import rotation
    from answerable.cli.where import place

    done = asyncio.run(rotation.rotate(place(args).config))
    emit(
        args,
        {
            "key": done.key, "former": done.former, "leaf": done.leaf, "withdrawn": done.withdrawn,
            "trust": str(done.trust),
        },
        [
            pick(f"The log signs with {done.key}", f"日志现使用 {done.key} 签名"),
            pick(f"named by record {done.leaf};", f"由记录 {done.leaf} 指定；"),
            pick(f"{done.former} is withdrawn by {done.withdrawn}.", f"{done.former} 已由 {done.withdrawn} 撤销。"),
            pick(
                f"Hand out {done.trust} again: readers need both keys.",
                f"请重新分发 {done.trust}：读者需要新旧两个密钥。",
            ),
        ],
    )  # fmt: skip
    return 0
