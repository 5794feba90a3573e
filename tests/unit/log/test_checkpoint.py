# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.crypto import mldsa
from answerable.crypto.b64 import b64
from answerable.errors import VerificationError
from answerable.log import note
from answerable.log.checkpoint import Checkpoint, parse, parse_vkey, publish, sign, verify, vkey
from answerable.log.merkle import EMPTY_ROOT
from answerable.log.note import Kind
from tests.small_log import ORIGIN, fixed, key

KEY = key("log")
VKEY = vkey(ORIGIN, KEY.public)
ROOT = bytes(range(32))
NOTE = sign(ORIGIN, 300, ROOT, KEY)


def code(call: object, *args: object) -> str:
    with pytest.raises(VerificationError) as caught:
        call(*args)  # type: ignore[operator]
    return caught.value.code


def test_a_checkpoint_reads_back() -> None:
    assert verify(NOTE, [VKEY]) == verify(NOTE, [parse_vkey(VKEY)]) == Checkpoint(ORIGIN, 300, ROOT)
    assert parse(NOTE)[0].size == 300
    assert NOTE.startswith(f"{ORIGIN}\n300\n{b64(ROOT)}\n\n— {ORIGIN} ".encode())


def test_the_empty_tree() -> None:
    assert verify(sign(ORIGIN, 0, EMPTY_ROOT, KEY), [VKEY]).root == EMPTY_ROOT


def test_every_flipped_byte_is_refused() -> None:
    for place in range(len(NOTE)):
        broken = bytearray(NOTE)
        broken[place] ^= 1
        assert code(verify, bytes(broken), [VKEY]).startswith("log.")


def test_whose_key_it_is() -> None:
    assert code(verify, NOTE, []) == "log.untrusted"
    assert code(verify, NOTE, [vkey(ORIGIN, key("other").public)]) == "log.untrusted"
    # A known key under the name of another log must not speak for this one.
    stranger = note.sign(Checkpoint(ORIGIN, 300, ROOT).text, "other.invalid/log", KEY)
    assert code(verify, stranger, [vkey("other.invalid/log", KEY.public)]) == "log.untrusted"


def test_one_key_of_a_rotation_suffices() -> None:
    assert verify(NOTE, [vkey(ORIGIN, key("next").public), VKEY]).size == 300


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n0300\n{b64(ROOT)}\n",
        f"{ORIGIN}\n-1\n{b64(ROOT)}\n",
        f"{ORIGIN}\n9007199254740992\n{b64(ROOT)}\n",
        f"{ORIGIN}\n٣\n{b64(ROOT)}\n",
        f"{ORIGIN}\n0\n{b64(ROOT)}\n",
        f"{ORIGIN}\n300\n{b64(ROOT[:31])}\n",
        f"{ORIGIN}\n300\n{b64(ROOT)[:-1]}\n",
        f"{ORIGIN}\n300\n{b64(ROOT)}\nextension\n",
        f"{ORIGIN}\n300\n",
        f"\n300\n{b64(ROOT)}\n",
    ],
)
def test_what_is_no_checkpoint(text: str) -> None:
    assert code(verify, note.sign(text, ORIGIN, KEY), [VKEY]) == "log.checkpoint"


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [("", 1, ROOT), ("a\nb", 1, ROOT), (ORIGIN, -1, ROOT), (ORIGIN, 1, b""), (ORIGIN, 0, ROOT)],
)
def test_what_is_never_signed(origin: str, size: int, root: bytes) -> None:
    assert code(sign, origin, size, root, KEY) == "log.checkpoint"


def test_an_origin_that_no_key_can_bear() -> None:
    assert code(sign, "a b", 1, ROOT, KEY) == "log.note"


def test_what_is_published_bears_both_signatures() -> None:
    safe = mldsa.Key.from_seed(fixed("key log"))
    published = publish(NOTE, safe, 1_763_782_764)
    assert published.startswith(NOTE)
    assert verify(published, [VKEY]) == verify(published, [vkey(ORIGIN, safe.public, Kind.MLDSA)])
    assert verify(published, [VKEY, vkey(ORIGIN, safe.public, Kind.MLDSA)]).size == 300
    broken = published[:-20] + (b"A" if published[-20:-19] != b"A" else b"B") + published[-19:]
    assert code(verify, broken, [VKEY, vkey(ORIGIN, safe.public, Kind.MLDSA)]) == "log.signature"


def test_a_cosignature_is_no_signature_of_a_log() -> None:
    witness = note.VerifierKey.of(ORIGIN, KEY.public, Kind.COSIGNATURE)
    signed = note.parse(NOTE)
    other = note.Note(signed.text, (note.cosign(signed.text, witness, 1_763_782_764, KEY),))
    assert code(verify, other.data, [witness]) == "log.untrusted"
