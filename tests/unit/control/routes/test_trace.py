# SPDX-License-Identifier: Apache-2.0
"""`POST /who/file` on tags alone; whole files are in `tests/unit/cli/test_tracing.py`."""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import Any

import pytest

from answerable.errors import AnswerableError
from answerable.log import trust
from answerable.marks.sketch import sketch
from answerable.model.prints import Kind, Print
from answerable.verify.receipt import verify
from tests.unit.control.house import House
from tests.unit.marks.test_sketch import story

PROVIDER = "0011Y1997776GGP67UP21310000"


def hexed(name: str) -> str:
    return sha256(name.encode()).hexdigest()


def print_of(name: str, kind: Kind = Kind.IMAGE) -> Print:
    drawn = sha256(name.encode()).digest()
    return Print(kind, 1, tuple(int.from_bytes(drawn[at : at + 8]) for at in (0, 8, 16)))


def turned(its: Print, *bits: int) -> str:
    first = its.words[0]
    for bit in bits:
        first ^= 1 << bit
    return Print(its.kind, its.version, (first, *its.words[1:])).tag().hex()


def labelled(house: House, name: str, **marks: Any) -> str:
    """A labelled file's record."""
    house.start_copy("helper")
    before, media = hexed(f"before {name}"), "image/png"
    begun = house.post("/labels", {"system": "helper", "before": before, "size": 1, "media": media})
    aigc = (
        f'{{"Label":"1","ContentProducer":"{begun["provider"]}","ProduceID":"{begun["record"]}","ReservedCode1":"",'
        '"ContentPropagator":"","PropagateID":"","ReservedCode2":""}'
    )
    ended = {
        "record": begun["record"],
        "before": before,
        "digest": hexed(name),
        "size": 2,
        "media": media,
        "aigc": aigc,
    }
    house.post("/labels/end", {**ended, **marks})
    return str(begun["record"])


def found(house: House, **asked: Any) -> Any:
    return house.post("/who/file", asked)


def test_each_layer_leads_to_the_record(house: House) -> None:
    its = print_of("a")
    record = labelled(
        house, "a", content=hexed("shown a"), prints=[its.tag().hex()], watermark=77, sketch=list(sketch(story(1)))
    )
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"digest": hexed("a")}, "proven", "digest"),
        ({"content": hexed("shown a")}, "matching", "content"),
        ({"watermark": 77}, "probably", "watermark"),
        ({"prints": [turned(its, 1, 20, 40, 63)]}, "probably", "fingerprint"),
        ({"sketch": list(sketch(story(1), 600))}, "probably", "words"),
    ]
    for asked, sure, layer in cases:
        answer = found(house, **asked)
        assert (answer["sure"], answer["record"], answer["by"]) == (sure, record, [layer])
        assert verify(base64.b64decode(answer["receipt"]), trust.parse(house.core.trust)).record == record
        assert (answer["content"] == "same") is (layer in ("digest", "content"))
    (layer,) = found(house, prints=[turned(its, 1, 20)])["layers"]
    assert layer == {
        "name": "fingerprint",
        "count": 1,
        "records": [{"record": record, "distance": [2, 0, 0], "shared": 0, "kept": 0}],
    }


def test_what_was_recorded_is_shown_to_nobody_who_has_a_likeness_alone(house: House) -> None:
    its = print_of("shy")
    labelled(house, "shy", content=hexed("shown shy"), prints=[its.tag().hex()])
    answer = found(house, prints=[turned(its)], digest=hexed("another"))
    report = verify(base64.b64decode(answer["receipt"]), trust.parse(house.core.trust))
    assert report.content("out") is None
    answer = found(house, content=hexed("shown shy"))
    report = verify(base64.b64decode(answer["receipt"]), trust.parse(house.core.trust))
    assert hexed("shown shy").encode() in (report.content("out") or b"")


@pytest.mark.parametrize("far", [[1, 2, 3, 4, 5], list(range(30))])
def test_what_is_not_near_is_not_found(house: House, far: list[int]) -> None:
    its = print_of("lone")
    labelled(house, "lone", prints=[its.tag().hex()])
    answer = found(house, prints=[turned(its, *far)])
    assert (answer["sure"], answer["record"], answer["receipt"], answer["layers"]) == ("nobody", "", "", [])
    other = Print(its.kind, 1, (its.words[0], *(word ^ 0xFFFFFFFF for word in its.words[1:])))
    assert found(house, prints=[other.tag().hex()])["sure"] == "nobody"  # near in the first word alone


def test_a_label_of_something_else_names_nobody(house: House) -> None:
    record = labelled(house, "b", prints=[print_of("b").tag().hex()])
    other = labelled(house, "c", prints=[print_of("c").tag().hex()], watermark=99)
    sound = print_of("b", Kind.AUDIO).tag().hex()
    for asked in (
        {"prints": [print_of("d").tag().hex()]},
        {"prints": [sound]},
        {"prints": [print_of("c").tag().hex()]},
        {"watermark": 99},
        {"digest": hexed("c")},
    ):
        answer = found(house, records=[record], **asked)
        assert (answer["sure"], answer["record"], answer["receipt"]) == ("contradicted", "", "")
    assert found(house, records=[other], digest=hexed("c"))["sure"] == "proven"


def test_a_label_that_this_log_does_not_hold_is_nobodys(house: House) -> None:
    assert found(house, records=["a" * 32], digest=hexed("never"))["sure"] == "nobody"
    assert found(house, digest=hexed("never"))["layers"] == []


def test_a_label_alone_is_not_believed(house: House) -> None:
    record = labelled(house, "plain")
    answer = found(house, records=[record], digest=hexed("unlike"))
    assert (answer["sure"], answer["record"], answer["by"], answer["receipt"]) == ("unsure", "", ["label"], "")
    assert answer["layers"][0]["records"][0]["record"] == record


def test_the_producer_is_compared(house: House) -> None:
    labelled(house, "e")
    assert found(house, digest=hexed("e"), producer=PROVIDER)["producer"] == "same"
    assert found(house, digest=hexed("e"), producer="somebody")["producer"] == "differs"


def test_a_text_of_something_else_contradicts_a_moved_label(house: House) -> None:
    record = labelled(house, "text", sketch=list(sketch(story(5))))
    answer = found(house, records=[record], sketch=list(sketch(story(6), 600)))
    assert (answer["sure"], answer["against"]) == ("contradicted", ["label", "words"])


def test_no_fingerprint_is_refused(house: House) -> None:
    for text in ("00" * 10, "0" * 21, "01" + "00" * 15):
        with pytest.raises(AnswerableError, match=r"admin\.request"):
            found(house, prints=[text])


def test_nothing_is_found_once_it_was_erased_from_the_index(house: House) -> None:
    its = print_of("erased")
    record = labelled(house, "erased", content=hexed("shown erased"), prints=[its.tag().hex()], watermark=123)
    closing = house.run(house.core.reader.close_of(record))
    assert closing is not None
    index = house.run(house.core.reader.prove(closing)).index
    house.run(house.core.ledger.erase([(index, closing)]))
    for asked in (
        {"digest": hexed("erased")},
        {"content": hexed("shown erased")},
        {"watermark": 123},
        {"prints": [its.tag().hex()]},
    ):
        assert found(house, **asked)["sure"] == "nobody"
    assert found(house, records=[record], prints=[its.tag().hex()])["sure"] == "unsure"


@pytest.mark.parametrize(
    ("phrases", "others", "sure"),
    [(6, 12, "probably"), (6, 13, "nobody"), (7, 15, "nobody"), (8, 500, "probably"), (5, 0, "nobody")],
)
def test_phrases_that_two_texts_share_name_nobody(house: House, phrases: int, others: int, sure: str) -> None:
    kept = [each << 20 for each in range(1, 25)]
    record = labelled(house, "words", sketch=kept)
    asked = [*kept[:phrases], *range(others)]  # all of the others are less than the greatest that is shared
    answer = found(house, sketch=asked)
    assert (answer["sure"], answer["record"]) == (sure, record if sure == "probably" else "")
