# SPDX-License-Identifier: Apache-2.0
"""`log backup`: a copy of the store in another folder, beside a running service too."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from answerable.cli.parser import NewVerb, Parser
from answerable.cli.talk import emit, pick

EXAMPLES: Final = """\
  answerable log backup /backup/store          log and payloads, as of now; again into the same folder
  answerable log backup /safe/store --keys     signing and payload keys too: guard it as the store itself
"""


def add(new_verb: NewVerb) -> None:
    parser: Parser = new_verb("backup", "copy the store into a folder, beside a running service too")
    parser.examples = EXAMPLES
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--keys", action="store_true", help="copy signing and payload keys too")
    parser.set_defaults(run=backup)


def backup(args: argparse.Namespace) -> int:
    from answerable.app.backup import back_up
    from answerable.cli.where import place

    done = back_up(place(args).config, args.folder, keys=args.keys)
    emit(
        args,
        {"size": done.size, "root": done.root.hex(), "payload_files": done.files, "keys": done.keys},
        [
            pick(
                f"{args.folder}: {done.size} leaves under the root {done.root.hex()}, {done.files} files of payloads.",
                f"{args.folder}：{done.size} 片叶子，根为 {done.root.hex()}，{done.files} 个载荷文件。",
            ),
            pick("The keys are in it.", "其中包含密钥。")
            if done.keys
            else pick("The keys are not in it: keep them elsewhere.", "其中不含密钥：请另行保存。"),
        ],
    )
    return 0
