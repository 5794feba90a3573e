# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.crypto.ed25519 import Key
from answerable.errors import VerificationError
from answerable.log.note import MAX_SIGNATURES, VerifierKey, parse, sign, verified

# The example of the C2SP signed-note specification.
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
KEY = Key.from_seed(b"\x07" * 32)


def code(call: object, *args: object) -> str:
    with pytest.raises(VerificationError) as caught:
        call(*args)  # type: ignore[operator]
    return caught.value.code


def test_the_example_of_the_specification() -> None:
    key = VerifierKey.parse(VKEY)
    assert str(key) == VKEY
    note = parse(NOTE.encode())
    assert note.text == "This is an example message.\n"
    assert verified(note, [key]) == (key,)


def test_a_signed_note_reads_back() -> None:
    key = VerifierKey.of("demo.invalid/log", KEY.public)
    note = parse(sign("one\n\ntwo\n", "demo.invalid/log", KEY))
    assert note.text == "one\n\ntwo\n"
    assert verified(note, [key]) == (key,)


def test_unknown_keys_are_passed_over_and_known_ones_must_be_good() -> None:
    other = VerifierKey.of("demo.invalid/log", Key.from_seed(b"\x08" * 32).public)
    key = VerifierKey.of("demo.invalid/log", KEY.public)
    note = sign("text\n", "demo.invalid/log", KEY)
    assert verified(parse(note), [other]) == ()
    forged = note.replace(b"text", b"Text")
    assert code(verified, parse(forged), [key]) == "log.signature"
    assert verified(parse(forged), [other]) == ()


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"text\n",
        b"text\n\n",
        NOTE.encode()[:-1],
        NOTE.encode() + b"\n",
        NOTE.encode() + b"rubbish\n",
        NOTE.replace("—", "-").encode(),
        NOTE.replace("example.com/foo", "example.com foo").encode(),
        NOTE.replace("example.com/foo", "a+b").encode(),
        NOTE.replace("aQM=", "aQN=").encode(),
        NOTE.replace("aQM=", "aQM").encode(),
        NOTE.replace(" Uw2Q", "  Uw2Q").encode(),
        NOTE.replace("message", "mess\tage").encode(),
        NOTE.encode() + NOTE.encode().split(b"\n\n")[1],
        b"\xff" + NOTE.encode(),
        "text\n\n— a AAAA\n".encode(),
        b"x" * 70_000,
        ("text\n\n" + "".join(f"— a{i} AAAAAAAA\n" for i in range(MAX_SIGNATURES + 1))).encode(),
    ],
)
def test_what_is_no_note(note: bytes) -> None:
    assert code(parse, note) == "log.note"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a+b",
        VKEY.replace("530d903a", "530d903b"),
        VKEY.replace("530d903a", "530D903A"),
        VKEY[:-1],
        VKEY.replace("+Aek", "+Bek"),
        VKEY.replace("example.com/foo", "example.com foo"),
        VKEY.replace("example.com/foo", ""),
        VKEY + "\n",
    ],
)
def test_what_is_no_verifier_key(text: str) -> None:
    assert code(VerifierKey.parse, text) == "log.note"


@pytest.mark.parametrize(("text", "name"), [("no newline", "a"), ("tab\t\n", "a"), ("ok\n", "a b"), ("ok\n", "")])
def test_what_is_never_signed(text: str, name: str) -> None:
    assert code(sign, text, name, KEY) == "log.note"
