# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import base64
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from answerable.control.labelling import EXTENSION, Marks, not_anothers
from answerable.crypto.b64 import b64u
from answerable.errors import AnswerableError
from answerable.log import trust
from answerable.log.leaf import decode
from answerable.marks import kept, provider_code
from answerable.marks.aigc import generated, write
from answerable.model.leaves import CloseLeaf, OpenLeaf
from answerable.model.prints import Print
from answerable.registry.ids import unassigned_uscc
from answerable.verify.receipt import verify
from tests.unit.control.house import OPERATOR, House

PROVIDER = provider_code.make(OPERATOR.removeprefix("NTRCN-"), "0000")
BEFORE, AFTER = sha256(b"before").hexdigest(), sha256(b"after").hexdigest()
ASK = {"system": "helper", "before": BEFORE, "size": 6, "media": "image/png"}


def leaf(house: House, rid: str) -> Any:
    data = house.run(house.core.reader.find(rid))
    assert data is not None
    return decode(data)


def done(record: str, **more: object) -> dict[str, object]:
    made = {
        "record": record, "before": BEFORE, "digest": AFTER, "size": 9, "media": "image/png",
        "aigc": write(generated(PROVIDER, record)), "layers": ["aigc", "c2pa"],
    }  # fmt: skip
    return made | more


def refused(house: House, path: str, body: dict[str, object]) -> str:
    with pytest.raises(AnswerableError) as caught:
        house.post(path, body)
    return caught.value.code


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """One of its own: what runs in it, and which keys are pinned, matters here."""
    made = House(tmp_path / "store")
    yield made
    made.close()


@pytest.fixture
def running(house: House) -> House:
    house.start_copy("helper")
    return house


def test_a_record_before_and_its_end_after(running: House) -> None:
    house = running
    begun = house.post("/labels", ASK)
    assert begun["provider"] == PROVIDER
    assert (begun["operator"], begun["act"]) == (OPERATOR, "generation")
    opened = leaf(house, begun["record"])
    assert isinstance(opened, OpenLeaf)
    assert (opened.act, opened.dec, opened.sys) == ("generation", "permit", house.system("helper").rid)
    assert opened.x == {EXTENSION: {"by": house.person().kid}}
    receipt = base64.b64decode(begun["receipt"])
    assert verify(receipt, trust.parse(house.core.trust)).record == begun["record"]
    ended = house.post("/labels/end", done(begun["record"]))
    closed = leaf(house, ended["rid"])
    assert isinstance(closed, CloseLeaf)
    assert (closed.open, closed.st) == (begun["record"], "done")
    assert refused(house, "/labels/end", done(begun["record"])) == "admin.not_found"  # it ends once
    said = house.run(house.core.reader.payload(ended["rid"], "out"))
    assert said is not None
    found = kept.read(said[1] or b"")
    assert found is not None
    assert (found.digest, found.before, found.layers) == (AFTER, BEFORE, ("aigc", "c2pa"))
    asked = house.run(house.core.reader.payload(begun["record"], "in"))
    assert asked is not None
    assert asked[1] == kept.body(kept.Asked(before=BEFORE, media="image/png", size=6, v=1))


def test_the_file_is_found_again_from_its_bytes(running: House) -> None:
    house = running
    record = house.post("/labels", ASK)["record"]
    house.post("/labels/end", done(record))
    for digest in (AFTER, BEFORE):
        found = house.post("/who", {"file": digest})
        assert (found["record"], found["content"]) == (record, "same")
    other = sha256(b"other").hexdigest()
    assert refused(house, "/who", {"file": other}) == "admin.nobody"
    assert house.post("/who", {"record": record, "file": other})["content"] == "differs"
    assert house.post("/who", {"record": record, "texts": ["A text."]})["content"] == "differs"


def test_a_failure_is_recorded_with_its_code(running: House) -> None:
    house = running
    record = house.post("/labels", ASK)["record"]
    ended = house.post("/labels/end", {"record": record, "error": "label.read_back"})
    closed = leaf(house, ended["rid"])
    assert (closed.st, closed.err) == ("error", "label.read_back")
    assert refused(house, "/who", {"file": BEFORE}) == "admin.nobody"
    assert refused(house, "/labels/end", {"record": record, "error": "no.code"}) == "admin.request"
    assert refused(house, "/labels/end", {"record": record}) == "admin.request"


def test_what_is_committed_is_the_label_of_that_record_and_file(running: House) -> None:
    house = running
    record = house.post("/labels", ASK)["record"]
    wrong = done(record, aigc=write(generated(PROVIDER, "another")))
    assert refused(house, "/labels/end", wrong) == "label.another_record"
    assert refused(house, "/labels/end", done(record, before=AFTER)) == "label.another_record"
    assert house.post("/labels/end", done(record))["record"] == record


def test_who_passes_on_is_recorded_as_that(running: House) -> None:
    house = running
    theirs = provider_code.make(unassigned_uscc("another").removeprefix("NTRCN-"), "0000")
    begun = house.post("/labels", ASK | {"label": write(generated(theirs, "their-record"))})
    assert begun["act"] == leaf(house, begun["record"]).act == "propagation"


def test_our_own_label_gets_no_second_record(running: House) -> None:
    label = write(generated(PROVIDER, "first"))
    assert refused(running, "/labels", ASK | {"label": label}) == "label.another_record"
    assert refused(running, "/labels", ASK | {"label": "{}"}) == "label.foreign"


def test_what_the_log_has_under_another_party_is_contradicted(house: House) -> None:
    house.start_copy("helper")
    record = house.post("/labels", ASK)["record"]
    house.post("/labels/end", done(record))
    assert house.post("/labels", ASK)["record"] != record  # its own party may label it anew
    asked = kept.Asked(before=AFTER, media="image/png", size=9, v=1)

    async def as_another() -> None:
        await not_anothers(house.services, asked, "another-party", Marks())

    with pytest.raises(AnswerableError) as caught:
        house.run(as_another())
    assert caught.value.code == "label.contradicted"


PRINT = Print(1, 1, (0x0F0F_1234_5678_9ABC,))


def asking(house: House, marks: Marks, **more: str) -> str:
    """As another party, of a file whose bytes nobody knows."""
    asked = kept.Asked(before=sha256(b"unknown").hexdigest(), media="image/png", size=9, v=1, **more)

    async def as_another() -> str:
        return await not_anothers(house.services, asked, "another-party", marks)

    return str(house.run(as_another()))


def test_each_layer_that_leads_to_another_party_contradicts_and_likeness_does_not(house: House) -> None:
    house.start_copy("helper")
    record, shown = house.post("/labels", ASK)["record"], sha256(b"shown").hexdigest()
    tag = PRINT.tag().hex()
    rid = house.post("/labels/end", done(record, content=shown, watermark=77, prints=[tag]))["rid"]
    for marks, layer in ((Marks(content=shown), "content"), (Marks(watermark=77), "watermark")):
        with pytest.raises(AnswerableError) as caught:
            asking(house, marks)
        assert (caught.value.code, caught.value.params["detail"]) == (
            "label.contradicted", f"record {rid} is of another party ({layer})",
        )  # fmt: skip
    near = Print(PRINT.kind, PRINT.version, (PRINT.words[0] ^ 0b101,))
    assert asking(house, Marks((near,))) == rid
    assert asking(house, Marks((Print(PRINT.kind, PRINT.version, (~PRINT.words[0] & 2**64 - 1,)),))) == ""
    assert asking(house, Marks(content=sha256(b"else").hexdigest(), watermark=78)) == ""
    asked = ASK | {"content": shown, "watermark": 77, "prints": [tag]}
    assert house.post("/labels", asked)["alike"] == "", "its own party may label it anew"


def test_what_another_party_passed_on_others_may_pass_on_too(house: House) -> None:
    house.start_copy("helper")
    theirs = write(
        generated(provider_code.make(unassigned_uscc("elsewhere").removeprefix("NTRCN-"), "0000"), "their-record")
    )
    record, shown = house.post("/labels", ASK | {"label": theirs})["record"], sha256(b"theirs").hexdigest()
    aigc = write(generated(PROVIDER, record))
    house.post("/labels/end", done(record, content=shown, aigc=aigc))
    assert asking(house, Marks(content=shown), label=theirs) == ""
    with pytest.raises(AnswerableError) as caught:
        asking(house, Marks(content=shown))
    assert caught.value.code == "label.contradicted", "without their label it would be called one's own"


def test_what_made_it_is_a_running_system(house: House) -> None:
    assert refused(house, "/labels", ASK | {"system": ""}) == "label.system"
    assert refused(house, "/labels", ASK) == "label.system"
    assert refused(house, "/labels", ASK | {"system": "nobody"}) == "system.unknown"
    house.start_copy("helper")
    assert house.post("/labels", ASK | {"system": ""})["system"] == house.system("helper").rid
    house.start_copy("other")
    assert refused(house, "/labels", ASK | {"system": ""}) == "label.system"


def test_the_label_key_is_pinned_to_the_operator(running: House) -> None:
    house = running
    assert house.get("/labels/keys") == []
    house.post("/labels", ASK)
    house.post("/labels", ASK)
    (row,) = house.get("/labels/keys")
    assert (row["party"], row["key"]) == (OPERATOR, b64u(house.label_key.public))
    house.post("/parties/keys/withdraw", {"key": row["rid"]})
    assert house.get("/labels/keys") == []
    assert refused(house, "/labels", ASK) == "party.key_taken"  # a withdrawn key labels nothing any more


@pytest.mark.parametrize("change", [{"before": "no digest"}, {"size": -1}, {"media": "x" * 101}, {"more": 1}])
def test_requests_of_another_form(running: House, change: dict[str, object]) -> None:
    assert refused(running, "/labels", ASK | change) == "admin.request"
