# SPDX-License-Identifier: Apache-2.0
"""Who labels: the provider's code, its keys, and which layers it writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from answerable.crypto import ed25519, keyfiles, p256, sm2
from answerable.errors import Refused
from answerable.marks.signature import ED25519, ES256, SM3_WITH_SM2, LabelKey

if TYPE_CHECKING:
    from answerable.labels.chain import Chain
    from answerable.labels.explicit.plan import Plan

# The purpose that the first line of a label key's file names.
PURPOSE: Final = "label"
ALGORITHMS: Final[Mapping[str, str]] = {"Ed25519": ED25519, "ES256": ES256, "SM3withSM2": SM3_WITH_SM2}


@dataclass(frozen=True, slots=True)
class Labeller:
    """provider: the 27-character provider code under which content is generated, or a party id where there is none;
    aigc_key: signs the AIGC object, None: it is written unsigned; c2pa: signs a C2PA manifest, None: none is written;
    watermark_key: 16 secret bytes or more under which pictures are watermarked, None: they are not; require: names of
    layers without which nothing is labelled, where a format does not carry them; explicit: words or sounds that people
    see and hear, None: none are put in; system, party: what made the content and who answers for it, as the manifest
    names them: record ids where there is a log; agent: name and version of the system as people know it, which the
    manifest tells too."""

    provider: str
    aigc_key: LabelKey | None = None
    c2pa: Chain | None = None
    watermark_key: bytes | None = None
    require: frozenset[str] = frozenset()
    explicit: Plan | None = None
    system: str = ""
    party: str = ""
    agent: tuple[str, str] = ("", "")

    def __repr__(self) -> str:
        return f"Labeller({self.provider})"


def create_key(path: str | Path, algorithm: str = "Ed25519") -> LabelKey:
    """Make a label key and save it in a new file of mode 600. algorithm: Ed25519, ES256 or SM3withSM2.

    Raises Refused ``log.key`` where it cannot be written, Unavailable ``label.extra`` for SM3withSM2 without the extra.
    """
    make: dict[str, Callable[[], ed25519.Key | p256.Key | sm2.Key]] = {
        ED25519: ed25519.Key.generate,
        ES256: p256.Key.generate,
        SM3_WITH_SM2: sm2.Key.generate,
    }
    key = make[ALGORITHMS[algorithm]]()
    key.save(path, purpose=PURPOSE)
    return key


def load_key(path: str | Path) -> LabelKey:
    """The label key in a file, of whichever algorithm. Raises Refused ``log.key`` if the file is missing, can be read
    by others, is of another purpose or holds none; Unavailable ``label.extra``."""
    pem = keyfiles.read_pem(path, PURPOSE)
    if sm2.is_ours(pem):
        return sm2.Key.of_pem(pem, path)
    for kind in (ed25519.Key, p256.Key):
        try:
            return kind.load(path, purpose=PURPOSE)
        except Refused as error:
            refusal = error
    raise refusal
