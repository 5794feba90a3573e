# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.crypto import ed25519, mldsa
from answerable.crypto.b64 import unb64
from answerable.errors import VerificationError
from answerable.log import cosignature
from answerable.log.cosignature import ED25519, MAX_TIME, MLDSA
from answerable.log.head import Checkpoint

ROOT = bytes(range(32))
TEXT = Checkpoint("demo.invalid/log", 300, ROOT).text
NAME = "w1.invalid"
TIME = 1_763_782_764
SIGNERS = {ED25519: ed25519.Key.from_seed(b"\x07" * 32), MLDSA: mldsa.Key.from_seed(b"\x07" * 32)}


def code(call: object, *args: object) -> str:
    with pytest.raises(VerificationError) as caught:
        call(*args)  # type: ignore[operator]
    return caught.value.code


def test_the_message_of_ed25519_as_the_specification_has_it() -> None:
    value = cosignature.sign(ED25519, NAME, TEXT, TIME, SIGNERS[ED25519])
    assert value[:8] == TIME.to_bytes(8, "big")
    ed25519.verify(SIGNERS[ED25519].public, f"cosignature/v1\ntime {TIME}\n{TEXT}".encode(), value[8:])


def test_the_message_of_ml_dsa_as_the_specification_has_it() -> None:
    value = cosignature.sign(MLDSA, NAME, TEXT, TIME, SIGNERS[MLDSA])
    message = (
        b"subtree/v1\n\0"
        + bytes((len(NAME),))
        + NAME.encode()
        + TIME.to_bytes(8, "big")
        + bytes((len("demo.invalid/log"),))
        + b"demo.invalid/log"
        + bytes(8)
        + (300).to_bytes(8, "big")
        + ROOT
    )
    assert len(value) == 8 + 2420
    mldsa.verify(SIGNERS[MLDSA].public, message, value[8:])


def test_the_time_in_the_example_of_the_specification() -> None:
    line = unb64(
        "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA=="
    )
    assert cosignature.time_of(line[4:]) == 1679315147


@pytest.mark.parametrize("kind", [ED25519, MLDSA])
def test_it_holds_for_these_words_alone(kind: int) -> None:
    signer = SIGNERS[kind]
    value = cosignature.sign(kind, NAME, TEXT, TIME, signer)
    cosignature.check(kind, NAME, signer.public, TEXT, value)
    later = (TIME + 1).to_bytes(8, "big") + value[8:]
    for text, changed in (
        (TEXT.replace("300", "301"), value),
        (TEXT, later),
        (TEXT, value[:-1]),
        (TEXT, value[:7]),
        (TEXT, b""),
        (TEXT + "more\n", value),
        ("no checkpoint\n", value),
    ):
        assert code(cosignature.check, kind, NAME, signer.public, text, changed) == "log.signature"


def test_ml_dsa_names_its_signer() -> None:
    value = cosignature.sign(MLDSA, NAME, TEXT, TIME, SIGNERS[MLDSA])
    assert code(cosignature.check, MLDSA, "w2.invalid", SIGNERS[MLDSA].public, TEXT, value) == "log.signature"


def test_a_time_out_of_range() -> None:
    assert code(cosignature.sign, MLDSA, NAME, TEXT, MAX_TIME + 1, SIGNERS[MLDSA]) == "log.note"
    assert code(cosignature.time_of, (MAX_TIME + 1).to_bytes(8, "big") + bytes(64)) == "log.signature"


def test_what_is_never_signed() -> None:
    for kind in (ED25519, MLDSA):
        assert code(cosignature.sign, kind, NAME, "words\n", TIME, SIGNERS[kind]) == "log.checkpoint"
    assert code(cosignature.sign, MLDSA, "n" * 256, TEXT, TIME, SIGNERS[MLDSA]) == "log.note"
