# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.crypto import mldsa
from answerable.crypto.ed25519 import Key
from answerable.errors import VerificationError
from answerable.log.note import (
    MAX_SIGNATURES,
    Kind,
    Note,
    Signature,
    VerifierKey,
    cosign,
    merged,
    parse,
    sign,
    signatures,
    verified,
)

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
        b"x" * 140_000,
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


def test_a_verifier_key_of_each_type_reads_back() -> None:
    safe = mldsa.Key.from_seed(b"\x07" * 32)
    for kind, public in ((Kind.ED25519, KEY.public), (Kind.COSIGNATURE, KEY.public), (Kind.MLDSA, safe.public)):
        made = VerifierKey.of("w.invalid", public, kind)
        assert VerifierKey.parse(str(made)) == made
    assert len({VerifierKey.of("w", KEY.public, kind).id for kind in (Kind.ED25519, Kind.COSIGNATURE)}) == 2
    assert code(VerifierKey.parse, str(VerifierKey.of("w", KEY.public, Kind.MLDSA))) == "log.note"


def test_signatures_are_merged_and_one_of_a_key_replaces_the_older() -> None:
    text = "demo.invalid/log\n1\n" + "A" * 43 + "=\n"
    note = parse(sign(text, "demo.invalid/log", KEY))
    witness = VerifierKey.of("w.invalid", KEY.public, Kind.COSIGNATURE)
    older, newer = (cosign(text, witness, time, KEY) for time in (5, 6))
    both = merged(merged(note, [older]), [newer])
    assert both.signatures == (*note.signatures, newer)
    assert parse(both.data) == both
    assert verified(both, [witness, VerifierKey.of("demo.invalid/log", KEY.public)])[1] == witness
    spare = [Signature(f"n{n}", b"1234", b"x") for n in range(MAX_SIGNATURES)]
    assert code(merged, both, spare) == "log.note"


def test_16_signatures_of_the_longest_kind_fit() -> None:
    lines = tuple(Signature(f"witness-{n}.invalid", b"1234", bytes(8 + 2420)) for n in range(MAX_SIGNATURES))
    assert parse(Note("text\n", lines).data).signatures == lines


def test_lines_alone_are_read_as_those_of_a_note() -> None:
    assert signatures(NOTE.partition("\n\n")[2]) == parse(NOTE.encode()).signatures
    for lines in ("", "— a AAAAAAAA", "rubbish\n", "— a AAAAAAAA\n— a AAAAAAAA\n"):
        assert code(signatures, lines) == "log.note"
