# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.crypto import ed25519, mldsa
from answerable.errors import VerificationError
from answerable.log import checkpoint, note, trust
from answerable.log.checkpoint import parse_vkey, vkey
from answerable.log.note import Kind, VerifierKey
from tests.small_log import ORIGIN, fixed, key

VKEY = vkey(ORIGIN, key("log").public)
NEXT = vkey(ORIGIN, key("next").public)
SAFE = mldsa.Key.from_seed(fixed("key log"))
ROOT = bytes(range(32))
TIME = 1_763_782_764
NOTE = checkpoint.sign(ORIGIN, 300, ROOT, key("log"))
# Two houses: x has three witnesses, y one with the other algorithm.
SIGNERS: dict[str, ed25519.Key | mldsa.Key] = {
    **{name: key("witness " + name) for name in ("x1", "x2", "x3")},
    "y1": mldsa.Key.from_seed(fixed("key witness y1")),
}
KEYS = {
    name: VerifierKey.of(f"{name}.invalid", signer.public, Kind.MLDSA if name == "y1" else Kind.COSIGNATURE)
    for name, signer in SIGNERS.items()
}
POLICY = (
    f"log {VKEY} https://demo.invalid/log\n"
    + "".join(f"witness {name} {vkey} https://{name}.invalid\n" for name, vkey in KEYS.items())
    + "group x 2 x1 x2 x3\ngroup both 2 x y1\nquorum both\n"
)


def cosigned(*names: str, data: bytes = NOTE) -> bytes:
    read = note.parse(data)
    return note.merged(read, [note.cosign(read.text, KEYS[name], TIME, SIGNERS[name]) for name in names]).data


def code(data: bytes, policy: str = POLICY) -> str:
    with pytest.raises(VerificationError) as caught:
        trust.parse(policy.encode()).check(data)
    return caught.value.code


def test_a_trust_file_reads_back() -> None:
    believed = trust.Trust((parse_vkey(VKEY), parse_vkey(NEXT)))
    assert trust.format(believed) == f"log {VKEY}\nlog {NEXT}\nquorum none\n".encode()
    assert trust.parse(trust.format(believed)) == believed


def test_a_whole_policy_reads_back() -> None:
    read = trust.parse(POLICY.encode())
    assert trust.format(read).decode() == POLICY
    assert read.witnesses[0].url == "https://x1.invalid"
    assert read.groups[1] == trust.Group("both", 2, ("x", "y1"))
    assert trust.parse(trust.format(read)) == read


def test_all_and_any_are_numbers() -> None:
    for word, needed in (("all", 2), ("any", 1), ("2", 2)):
        assert trust.parse(POLICY.replace("both 2", f"both {word}").encode()).groups[1].needed == needed


def test_comments_blanks_and_addresses() -> None:
    text = f"# whose log\n\n \tlog\t{VKEY}  https://demo.invalid/log \n  # 注释\nquorum none\n"
    assert trust.parse(text.encode()).logs == (parse_vkey(VKEY),)
    assert trust.parse(text.encode()).urls == {VKEY: "https://demo.invalid/log"}


def test_names_are_octets() -> None:
    head, tail = f"log {VKEY}\nwitness ".encode(), f" {KEYS['x1']}\nquorum ".encode()
    assert trust.parse(head + b"\xff" + tail + b"\xff\n").quorum == "\udcff"
    assert trust.format(trust.parse(head + b"\xff" + tail + b"\xff\n")) == head + b"\xff" + tail + b"\xff\n"
    with pytest.raises(VerificationError):
        trust.parse(head + b"K" + tail + "\u212a\n".encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "quorum none\n",
        f"log {VKEY}\n",
        f"log {VKEY}\nquorum none",
        f"log {VKEY}\nquorum none\nquorum none\n",
        f"log {VKEY}\nquorum two\n",
        f"log {VKEY}\nquorum\n",
        f"log {VKEY}\nmonitor a\nquorum none\n",
        f"log {VKEY}\nwitness w {VKEY}\nquorum none\n",
        f"log {VKEY}\nwitness none {KEYS['x1']}\nquorum none\n",
        f"log {VKEY}\nwitness w {KEYS['x1']}\nwitness v {KEYS['x1']}\nquorum none\n",
        f"log {VKEY}\nwitness w {KEYS['x1']}\nwitness w {KEYS['x2']}\nquorum none\n",
        f"log {VKEY}\nwitness w {KEYS['x1']} a b\nquorum none\n",
        f"log {KEYS['x1']}\nquorum none\n",
        f"log {VKEY}\nquorum w\nwitness w {KEYS['x1']}\n",
        f"log {VKEY}\ngroup g any w\nquorum none\n",
        f"log {VKEY}\nwitness w {KEYS['x1']}\ngroup g any\nquorum g\n",
        f"log {VKEY}\nwitness w {KEYS['x1']}\ngroup w any w\nquorum w\n",
        f"log {VKEY}\nwitness w {KEYS['x1']}\ngroup g any g\nquorum g\n",
        f"log {VKEY}\ngroup g any h\ngroup h any g\nquorum g\n",
        f"log {VKEY}\nwitness w {KEYS['x1']}\ngroup g any w none\nquorum g\n",
        f"log {VKEY}\nwitness w {KEYS['x1']}\ngroup g 2 w w\nquorum g\n",
        f"log {VKEY}\nwitness w {KEYS['x1']}\ngroup g any w\ngroup h any w\nquorum g\n",
        f"log {VKEY}\nwitness w {KEYS['x1']}\ngroup g 0 w\nquorum g\n",
        f"log {VKEY}\nwitness w {KEYS['x1']}\ngroup g 01 w\nquorum g\n",
        f"log {VKEY}\nwitness w {KEYS['x1']}\ngroup g 2 w\nquorum g\n",
        f"log {VKEY}\nwitness w {KEYS['x1']}\ngroup g most w\nquorum g\n",
        f"log {VKEY}\nlog {VKEY}\nquorum none\n",
        f"log {VKEY} a b\nquorum none\n",
        "log x\nquorum none\n",
        f"log {VKEY}\r\nquorum none\n",
        f"log {VKEY}\nquorum none\n\x00",
        f"log {VKEY}\n# \x7f\nquorum none\n",
        f"log {VKEY}\n" + "".join(f"group g{n} any w\n" for n in range(70)) + "quorum none\n",
        "#" * 600_000,
    ],
)
def test_nothing_that_is_not_understood_is_passed_over(text: str) -> None:
    with pytest.raises(VerificationError) as caught:
        trust.parse(text.encode())
    assert caught.value.code == "log.trust"
    assert caught.value.exit == 4


def test_one_key_is_no_witness_of_its_own_log() -> None:
    witness = VerifierKey.of("other.invalid", key("log").public, Kind.COSIGNATURE)
    with pytest.raises(VerificationError, match="twice"):
        trust.parse(f"log {VKEY}\nwitness w {witness}\nquorum w\n".encode())


def test_the_specification_asks_for_32_of_each() -> None:
    lines = [f"log {vkey(f'l{n}.invalid', key(f'l{n}').public)}\n" for n in range(32)]
    witnesses = [VerifierKey.of(f"w{n}.invalid", key(f"w{n}").public, Kind.COSIGNATURE) for n in range(32)]
    lines += [f"witness w{n} {each}\n" for n, each in enumerate(witnesses)]
    lines += [f"group g{n} any w{n}\n" for n in range(31)] + ["group all all " + " ".join(f"g{n}" for n in range(31))]
    assert len(trust.parse(("".join(lines) + "\nquorum all\n").encode()).groups) == 32


def test_whoever_knows_the_log_needs_no_log_line() -> None:
    text = f"witness w {KEYS['x1']}\nquorum w\n".encode()
    assert trust.parse(text, logs=False).logs == ()
    with pytest.raises(VerificationError):
        trust.parse(text)


def test_the_quorum_decides() -> None:
    assert trust.parse(POLICY.encode()).check(cosigned("x1", "x3", "y1")).size == 300
    for names in ((), ("x1", "x2", "x3"), ("x1", "y1"), ("y1",)):
        assert code(cosigned(*names)) == "log.quorum"
    one = f"log {VKEY}\nwitness w {KEYS['x1']}\nquorum w\n"
    assert trust.parse(one.encode()).check(cosigned("x1")).size == 300
    assert code(cosigned("x2"), one) == "log.quorum"
    assert code(NOTE, one) == "log.quorum"


def test_no_quorum_says_nothing_for_the_log() -> None:
    read = note.parse(NOTE)
    only = note.Note(read.text, note.parse(cosigned("x1", "x2", "y1")).signatures[1:])
    assert code(only.data) == "log.untrusted"


def test_a_bad_cosignature_of_a_known_witness_refuses_the_note() -> None:
    data = cosigned("x1", "x2", "y1")
    read = note.parse(data)
    last = read.signatures[-1]
    spoilt = note.Signature(last.name, last.id, last.value[:-1] + bytes((last.value[-1] ^ 1,)))
    assert code(note.merged(read, [spoilt]).data) == "log.signature"


def test_who_signed_and_when() -> None:
    judged = trust.parse(POLICY.encode()).judge(cosigned("x1", "x2", "y1", data=checkpoint.publish(NOTE, SAFE, TIME)))
    assert judged.cosigned == {"x1": TIME, "x2": TIME, "y1": TIME}
    assert judged.strangers == (ORIGIN,)  # the log's ML-DSA key, of which this file says nothing


def test_either_key_of_a_log_suffices() -> None:
    safe = VerifierKey.of(ORIGIN, SAFE.public, Kind.MLDSA)
    policy = f"log {safe}\nquorum none\n"
    assert code(NOTE, policy) == "log.untrusted"
    published = checkpoint.publish(NOTE, SAFE, TIME)
    assert trust.parse(policy.encode()).check(published).size == 300
    assert trust.parse(f"log {VKEY}\nquorum none\n".encode()).check(published).size == 300
    assert code(published.replace(b"300", b"301"), policy) == "log.signature"


def test_the_key_of_another_log_does_not_speak_for_this_one() -> None:
    stranger = VerifierKey.of("other.invalid/log", key("log").public)
    text = note.parse(NOTE).text
    assert code(note.sign(text, "other.invalid/log", key("log")), f"log {stranger}\nquorum none\n") == "log.untrusted"
