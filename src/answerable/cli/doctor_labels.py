# SPDX-License-Identifier: Apache-2.0
"""What `doctor` says of labels: whether C2PA, where it is configured, signs and is read again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from answerable.cli.doctor import FAIL, OK, WARN, Finding
from answerable.cli.talk import pick, when
from answerable.config import Config
from answerable.errors import AnswerableError

SOON_MS: Final = 30 * 86_400_000


def look(config: Config) -> Iterator[Finding]:
    if not config.labels.c2pa:
        return
    from answerable.labels.c2pa_selftest import check
    from answerable.labels.chain import ROOT, ROOT_KEY, Chain, read_pem

    lang = pick("en", "zh")
    folder, now = Path(config.labels.c2pa).expanduser(), int(time.time() * 1000)
    try:
        # Without its authority of time: the test must not write to a stranger.
        chain = Chain.load(folder)
        name = check(chain, read_pem(folder / ROOT), now_ms=now)
    except AnswerableError as error:
        yield Finding("c2pa", FAIL, error.reason(lang), error.remedy(lang))
        return
    if chain.until_ms - now < SOON_MS:
        yield Finding(
            "c2pa",
            WARN,
            pick(f"the leaf ends {when(chain.until_ms)}", f"签名证书将于 {when(chain.until_ms)} 到期"),
            pick("Make a new chain; what was signed is valid as long as its leaf.",
                 "请创建新的证书链；已签署的内容在其证书有效期内有效。"),
        )  # fmt: skip
    else:
        yield Finding("c2pa", OK, pick(f"signs as {name}, and is read again", f"以 {name} 签署，回读无误"))
    if (folder / ROOT_KEY).exists():
        yield Finding(
            "c2pa root",
            WARN,
            pick(f"{ROOT_KEY} stands on this machine", f"{ROOT_KEY} 位于本机"),
            pick(f"Move {folder / ROOT_KEY} offline.", f"请将 {folder / ROOT_KEY} 移至离线处。"),
        )
