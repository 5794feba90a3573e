# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import time
from io import BytesIO
from pathlib import Path

import msgspec
import pytest

from answerable.crypto.ed25519 import Key
from answerable.crypto.issuing import issue
from answerable.errors import Refused
from answerable.labels.chain import Chain
from answerable.labels.explicit import render
from answerable.labels.explicit.plan import Corner, Plan
from answerable.labels.identity import Labeller
from answerable.labels.labelling import label
from answerable.labels.reading import Trust, read_label
from answerable.marks import pins
from answerable.marks.aigc import write
from answerable.marks.signature import ED25519, State, public_info, sign
from answerable.model.labels import AIGC, Reading
from tests.openai_wire import completion
from tests.small_media import OTHER, PARTY, PROVIDER, picture
from tests.unit.labels.rules.test_seen_sound import sound
from tests.unit.labels.rules.test_seen_video import film
from tests.unit.labels.test_labelling import with_label

KEY = Key.generate()
RECORD = "abcdefghijklmnopqrstuvwxyz234567"
ISSUED = issue("Example Ltd", now_ms=time.time_ns() // 1_000_000, days=30)


def made(by: Labeller, source: bytes) -> bytes:
    done = label(source, by=by, record=RECORD)
    assert done.data is not None
    return done.data


def test_a_label_of_a_party_that_is_pinned(tmp_path: Path) -> None:
    (tmp_path / "pins").write_text(pins.line(PARTY, ED25519, KEY.public))
    data = made(Labeller(PROVIDER, KEY), picture())
    found = read_label(data, trust=Trust.load(label_keys=tmp_path / "pins"))
    assert (found.format, found.media, found.verdict) == ("png", "image/png", Reading.LABELLED)
    assert (found.layer("aigc").state, found.record) == (f"signed:{PARTY}", RECORD)
    assert found.signed.party == PARTY
    assert found.layer("aigc").details["places"]
    assert found.contradictions == ()
    assert read_label(data).layer("aigc").state == "self-consistent"
    assert read_label(made(Labeller(PROVIDER), picture())).layer("aigc").state == "unsigned"


def test_a_key_of_somebody_else() -> None:
    data = made(Labeller(PROVIDER, KEY), picture())
    found = read_label(data, trust=Trust({public_info(KEY): "LEIXG-else"}))
    assert (found.verdict, found.layer("aigc").state) == (Reading.INCONSISTENT, "bad")
    assert found.contradictions


def test_a_propagated_label() -> None:
    theirs = made(Labeller(OTHER, Key.generate()), picture())
    done = label(theirs, by=Labeller(PROVIDER, KEY), record=RECORD[::-1])
    assert done.data is not None
    found = read_label(done.data, trust=Trust({public_info(KEY): PARTY}))
    assert (found.verdict, found.signed.state) == (Reading.LABELLED, State.SELF_CONSISTENT)
    assert str(found.propagation) == f"signed:{PARTY}"
    assert found.layer("aigc").records == (RECORD, RECORD[::-1])


def test_a_changed_label_is_inconsistent() -> None:
    label = msgspec.structs.replace(sign(AIGC("1", PROVIDER, RECORD), KEY), produce_id="another")
    found = read_label(with_label(picture(), write(label)))
    assert (found.verdict, found.signed.state) == (Reading.INCONSISTENT, State.BAD)


def test_labels_that_differ() -> None:
    texts = (write(AIGC("1", PROVIDER, "one")), write(AIGC("1", PROVIDER, "other")))
    found = read_label(with_label(picture(), *texts))
    assert (found.verdict, found.aigc, found.layer("aigc").state) == (Reading.INCONSISTENT, None, "several")
    assert set(found.layer("aigc").records) == {"one", "other"}
    twice = read_label(with_label(picture(), texts[0], texts[0]))
    assert (twice.verdict, twice.layer("aigc").problems) == (Reading.LABELLED, ("more_than_one",))


@pytest.mark.parametrize(
    ("text", "verdict", "state"),
    [
        ('{"ServiceProvider":"x","Time":"y"}', Reading.UNCHECKED, "malformed"),
        ('{"Label":"9","ContentProducer":"x","ProduceID":"y"}', Reading.INCONSISTENT, "unsigned"),
        ('{"AIGC":{"Label":"1","ContentProducer":"x","ProduceID":"y"}}', Reading.LABELLED, "unsigned"),
        ('{"Label":"1","ContentProducer":"x","ProduceID":"y","ReservedCode1":"q"}', Reading.LABELLED, "opaque"),
    ],
)
def test_wild_labels(text: str, verdict: Reading, state: str) -> None:
    found = read_label(with_label(picture(), text))
    assert (found.verdict, found.layer("aigc").state) == (verdict, state)


def test_no_label_and_no_file(tmp_path: Path) -> None:
    assert read_label(picture()).verdict is Reading.NOT_LABELLED
    assert read_label(picture()).layer("c2pa").state == "absent"
    assert read_label(b"\x00nothing").verdict is Reading.UNCHECKED
    assert read_label(picture()[:40]).verdict is Reading.UNCHECKED
    with pytest.raises(Refused):
        read_label(tmp_path / "missing")


def test_an_answer_that_somebody_kept() -> None:
    whole = completion("AI-generated\n\nHello.")
    whole["id"] = f"chatcmpl-{RECORD}"
    member = {"record": RECORD, "explicit": "AI-generated", "place": "text"}
    object_ = {"Label": "1", "ContentProducer": PROVIDER, "ProduceID": RECORD, "ReservedCode1": ""}
    kept = json.dumps({**whole, "answerable": {**member, "AIGC": object_}}).encode()
    found = read_label(kept)
    assert (found.format, found.verdict, found.record) == ("api-answer", Reading.LABELLED, RECORD)
    assert found.layer("explicit").details == {"words": "AI-generated"}
    assert found.layer("aigc").state == "unsigned"
    moved = json.dumps({**whole, "answerable": {**member, "AIGC": {**object_, "ProduceID": "another"}}}).encode()
    assert read_label(moved).verdict is Reading.INCONSISTENT
    assert read_label(b"AI-generated\n\nHello.").verdict is Reading.LABELLED
    assert read_label(b"Hello.").verdict is Reading.NOT_LABELLED


def _perceived(file: bytes) -> tuple[Reading, str]:
    found = read_label(file, search="full")
    return found.verdict, found.layer("explicit").state


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_words_of_ours_on_a_picture_are_measured_when_asked_for(form: str) -> None:
    bare = picture(form, (400, 300))
    drawn = BytesIO()
    render(BytesIO(bare), drawn, f"image/{form.lower()}", Plan("both", corner=Corner.TOP_LEFT))
    assert _perceived(drawn.getvalue()) == (Reading.LABELLED, "found")
    assert _perceived(bare) == (Reading.NOT_LABELLED, "unseen"), "another's words could stand there: not absent"
    assert read_label(drawn.getvalue()).layers == read_label(bare).layers, "not without being asked"


def test_the_rhythm_is_heard_and_words_on_a_video_are_seen() -> None:
    assert _perceived(sound(2.0, mark_at=1.0).getvalue()) == (Reading.LABELLED, "found")
    assert _perceived(sound(2.0).getvalue()) == (Reading.NOT_LABELLED, "unseen")
    assert _perceived(film(3.0, words_s=2.5).getvalue()) == (Reading.LABELLED, "found")
    assert _perceived(film(3.0, words_s=1.0).getvalue()) == (Reading.LABELLED, "short")
    assert _perceived(film(1.0).getvalue()) == (Reading.NOT_LABELLED, "unseen")


def test_what_cannot_be_decoded_could_not_be_checked() -> None:
    whole = picture("PNG", (64, 64))
    at = whole.index(b"IDAT") + 8
    assert _perceived(whole[:at] + bytes(20) + whole[at + 20 :]) == (Reading.UNCHECKED, "unchecked")


def test_what_the_reader_trusts_never_makes_a_file_look_broken(tmp_path: Path) -> None:
    data = made(Labeller(PROVIDER, KEY, Chain.of(ISSUED)), picture())
    (tmp_path / "junk").write_bytes(picture())
    with pytest.raises(Refused, match=r"label\.source"):
        Trust.load(anchors=[tmp_path / "junk"])
    told = set()
    for junk in (picture(), b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"", b"words"):
        found = read_label(data, trust=Trust(anchors=(junk,)))
        assert (found.verdict, found.layer("c2pa").state) == (Reading.LABELLED, "valid")
        told |= {*found.layer("c2pa").problems}
    assert told == {"anchors"}
    assert read_label(data, trust=Trust(anchors=(ISSUED.root,))).layer("c2pa").state == "trusted"
    broken = read_label(data[:-20] + b"x" + data[-19:], trust=Trust(anchors=(picture(),)))
    assert broken.verdict is not Reading.LABELLED
