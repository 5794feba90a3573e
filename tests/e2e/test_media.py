# SPDX-License-Identifier: Apache-2.0
"""Pictures and sound at the gate, as OpenAI's own SDK asks for them: labelled in what people see and hear, in the file,
and in the log; refused and recorded where they cannot be. The upstream draws by a rule, and speaks with espeak-ng."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import openai
import pytest
from openai import OpenAI

from answerable.labels import Labeller, label, read_label
from answerable.marks import wording
from tests.e2e.places import Place, running
from tests.media_upstream import HEARD, MediaUpstream, bomb, drawn, spoken

pytestmark = [pytest.mark.system("exiftool"), pytest.mark.system("espeak-ng"), pytest.mark.system("ffmpeg")]

OTHER = "001191110000MA0000001X10000"


@pytest.fixture(scope="module")
def upstream() -> Iterator[MediaUpstream]:
    made = MediaUpstream()
    yield made
    made.close()


@pytest.fixture(scope="module")
def place(upstream: MediaUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    store = tmp_path_factory.mktemp("media") / "store"
    with running(
        ("demo", "--port", "0", "--url", upstream.url, "--model", "scripted", "--locality", "local"), store
    ) as p:
        yield p


@pytest.fixture
def client(place: Place, upstream: MediaUpstream) -> Iterator[OpenAI]:
    upstream.again()
    with place.client() as made:
        yield made


def close_of(place: Place, record: str) -> dict[str, Any]:
    closes = [leaf["leaf"] for leaf in place.leaves() if leaf["leaf"].get("open") == record]
    assert len(closes) == 1
    return dict(closes[0])


def told(data: bytes, suffix: str, folder: Path) -> dict[str, Any]:
    """The AIGC object in the file, by exiftool alone."""
    path = folder / f"file.{suffix}"
    path.write_bytes(data)
    said = subprocess.run(["exiftool", "-j", "-G1", "-struct", str(path)], capture_output=True, check=True, timeout=30)
    found = json.dumps(json.loads(said.stdout)[0])
    assert "ContentProducer" in found
    return dict(json.loads(said.stdout)[0])


@pytest.fixture(scope="module")
def handles(place: Place) -> dict[str, str]:
    """Of a digital human for the public, and of a program that hands on to machines."""
    party = next(each["id"] for each in place.cli("party", "ls") if each["name"].startswith("Demo Operator"))
    made = {}
    for name, kind, audience in (("face", "digital_human", "public"), ("robot", "application", "machine")):
        place.cli(
            "register", "--name", name, "--version", "1", "--kind", kind, "--audience", audience,
            "--party", f"{party}:deployer", "--licence", "Apache-2.0", "--digest", f"sha256:{len(made):064x}",
        )  # fmt: skip
        copy = place.cli("copy", "endpoint", name, "--url", "http://127.0.0.1/")
        made[name] = place.cli("handles", "issue", copy["id"], "--bind", "cidr:127.0.0.0/8")["value"]
    return made


# --- pictures ---------------------------------------------------------------------------------------------------------


def test_pictures_are_labelled_and_led_back(
    place: Place, client: OpenAI, upstream: MediaUpstream, tmp_path: Path
) -> None:
    raw = client.images.with_raw_response.generate(model="scripted", prompt="a hill", n=2)
    record = raw.headers["x-answerable-record"]
    answer = raw.parse()
    assert answer.model_extra is not None
    assert answer.model_extra["answerable"]["record"] == record
    assert answer.model_extra["answerable"]["explicit"] == "AI-generated"
    assert answer.data is not None
    pictures = [base64.b64decode(entry.b64_json or "") for entry in answer.data]
    for number, data in enumerate(pictures):
        before = drawn(f"a hill {number}")
        assert data != before
        found = read_label(data)
        assert (found.verdict, found.record) == ("labelled", record)
        assert found.aigc is not None
        assert found.aigc.reserved_code1
        assert changed(before, data), "the words stand in the pixels"
        told(data, "png", tmp_path)
    close = close_of(place, record)
    assert close["st"] == "done"
    assert "out" in close["c"]
    assert upstream.asked[0]["response_format"] == "b64_json"
    assert upstream.asked[0]["model"] == "scripted"


def changed(before: bytes, after: bytes) -> bool:
    """Whether a corner of the picture was drawn over."""
    from PIL import Image, ImageChops

    one, other = (Image.open(io.BytesIO(data)).convert("RGB") for data in (before, after))
    width, height = one.size
    box = (width // 2, height - height // 6, width, height)
    low, high = ImageChops.difference(one.crop(box), other.crop(box)).convert("L").getextrema()
    return isinstance(high, int) and high > 60 and isinstance(low, int)


def test_a_picture_without_its_label_is_found(place: Place, client: OpenAI, tmp_path: Path) -> None:
    from PIL import Image

    raw = client.images.with_raw_response.generate(model="scripted", prompt="a boat in the fog")
    data = raw.parse().data
    assert data is not None
    picture = base64.b64decode(data[0].b64_json or "")
    path = tmp_path / "made.png"
    path.write_bytes(picture)
    record = raw.headers["x-answerable-record"]
    found = place.cli("who", str(path), expect=None)
    assert (found["record"], found["sure"] in ("proven", "matching")) == (record, True), found
    bare = tmp_path / "bare.png"
    Image.open(io.BytesIO(picture)).save(bare)
    assert b"AIGC" not in bare.read_bytes()
    found = place.cli("who", str(bare), expect=None)
    assert (found["record"], found["sure"] in ("proven", "matching")) == (record, True), found


def test_an_edited_picture(place: Place, client: OpenAI, upstream: MediaUpstream) -> None:
    raw = client.images.with_raw_response.edit(
        model="scripted", prompt="with a tree", image=("in.png", drawn("a hill"), "image/png")
    )
    answer = raw.parse()
    assert answer.data is not None
    found = read_label(base64.b64decode(answer.data[0].b64_json or ""))
    assert found.record == raw.headers["x-answerable-record"]
    sent = {part.name: part for part in upstream.parts}
    assert sent["image"].data == drawn("a hill")
    assert (sent["image"].filename, sent["image"].kind) == ("in.png", "image/png")
    assert sent["model"].data == b"scripted"
    assert close_of(place, found.record)["st"] == "done"


def test_what_another_producer_labelled_is_kept(client: OpenAI, upstream: MediaUpstream) -> None:
    theirs = label(drawn("theirs"), by=Labeller(OTHER)).data or b""
    before = read_label(theirs)
    upstream.draw = lambda prompt: theirs
    raw = client.images.with_raw_response.generate(model="scripted", prompt="any")
    answer = raw.parse()
    assert answer.data is not None
    data = base64.b64decode(answer.data[0].b64_json or "")
    found = read_label(data)
    assert found.aigc is not None
    assert before.aigc is not None
    assert found.aigc.content_producer == OTHER
    assert found.aigc.produce_id == before.aigc.produce_id
    assert found.aigc.propagate_id == raw.headers["x-answerable-record"]
    assert not changed(theirs, data), "what another producer made stays as people got it"


@pytest.mark.parametrize(
    ("draw", "code"),
    [
        (lambda prompt: b"<html><body>Sorry</body></html>", "label.media"),
        (lambda prompt: bomb(), "label.media"),
        (lambda prompt: drawn(prompt)[:2000], "label.media"),
        (lambda prompt: b"", "upstream.broken"),
    ],
)
def test_what_is_no_picture_is_refused_and_recorded(
    place: Place, client: OpenAI, upstream: MediaUpstream, draw: Any, code: str
) -> None:
    upstream.draw = draw
    with pytest.raises(openai.APIStatusError) as caught:
        client.images.generate(model="scripted", prompt="a lie")
    assert caught.value.status_code == 502
    assert caught.value.code == code
    close = close_of(place, caught.value.response.headers["x-answerable-record"])
    assert close["err"] == code
    assert "c" not in close, "nothing left"


@pytest.mark.parametrize(
    ("changed", "param"),
    [
        ({"response_format": "url"}, "response_format"),
        ({"stream": True}, "stream"),
        ({"n": 17}, "n"),
        ({"model": "auto"}, "model"),
    ],
)
def test_what_could_not_be_labelled_is_not_asked_for(
    client: OpenAI, upstream: MediaUpstream, changed: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.images.generate(**{"model": "scripted", "prompt": "a hill", **changed})
    assert caught.value.param == param
    assert not upstream.asked


# --- sound ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "media", "suffix"),
    [
        ("mp3", "audio/mpeg", "mp3"),
        ("wav", "audio/wav", "wav"),
        ("flac", "audio/flac", "flac"),
        ("opus", "audio/ogg", "ogg"),
    ],
)
def test_speech_is_labelled(place: Place, client: OpenAI, form: Any, media: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"said.{suffix}"
    with client.audio.speech.with_streaming_response.create(
        model="scripted", voice="alloy", input="Good morning to all of you.", response_format=form
    ) as answer:
        record = answer.headers["x-answerable-record"]
        assert answer.headers["content-type"] == media
        assert json.loads(answer.headers["aigc"])["ProduceID"] == record
        answer.stream_to_file(path)
    found = read_label(path.read_bytes())
    assert (found.verdict, found.record) == ("labelled", record)
    if form in ("mp3", "flac"):  # exiftool shows no chunk of its own making in WAV, and no comments of Opus
        told(path.read_bytes(), suffix, tmp_path)
    length = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(path)],
        capture_output=True, check=True, timeout=30,
    ).stdout  # fmt: skip
    assert float(length) > 1.5
    assert close_of(place, record)["st"] == "done"


def test_bare_samples_are_refused_before_they_are_asked_for(client: OpenAI, upstream: MediaUpstream) -> None:
    for form in ("pcm", "aac"):
        with pytest.raises(openai.BadRequestError) as caught:
            client.audio.speech.create(model="scripted", voice="alloy", input="Hello", response_format=form)  # type: ignore[arg-type]
        assert caught.value.param == "response_format"
    assert not upstream.asked


def test_a_red_line_is_not_spoken(client: OpenAI, upstream: MediaUpstream) -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA7" * 20 + "\n-----END RSA PRIVATE KEY-----"
    with pytest.raises(openai.APIStatusError) as caught:
        client.audio.speech.create(model="scripted", voice="alloy", input=key, response_format="wav")
    assert caught.value.code == "redline.credential"


@pytest.mark.parametrize("form", ["json", "text", "srt", "vtt"])
def test_what_is_written_down_is_labelled(place: Place, client: OpenAI, form: Any) -> None:
    raw = client.audio.transcriptions.with_raw_response.create(
        model="scripted", file=("said.wav", b"RIFF....WAVE", "audio/wav"), response_format=form
    )
    record = raw.headers["x-answerable-record"]
    text = raw.text if form != "json" else json.loads(raw.text)["text"]
    assert HEARD in text
    assert wording.words("en") in text
    if form in ("json", "text"):
        assert text == wording.prefix(wording.words("en")) + HEARD
    elif form == "vtt":
        assert text.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nAI-generated\n\n")
    else:
        assert text.startswith("0\n00:00:00,000 --> 00:00:02,000\nAI-generated\n\n1\n")
    assert close_of(place, record)["st"] == "done"


# --- in a chat --------------------------------------------------------------------------------------------------------


def test_media_in_a_chat_are_labelled(client: OpenAI, upstream: MediaUpstream) -> None:
    picture = drawn("in a chat")
    link = "data:image/png;base64," + base64.b64encode(picture).decode()
    upstream.chat = lambda asked: {
        "content": "See.",
        "images": [{"type": "image_url", "image_url": {"url": link}}],
        "reasoning_details": [{"type": "encrypted", "data": base64.b64encode(bytes(range(256)) * 4).decode()}],
    }
    raw = client.chat.completions.with_raw_response.create(model="auto", messages=[{"role": "user", "content": "draw"}])
    message = json.loads(raw.text)["choices"][0]["message"]
    url = message["images"][0]["image_url"]["url"]
    assert url.startswith("data:image/png;base64,")
    found = read_label(base64.b64decode(url.partition(",")[2]))
    assert found.record == raw.headers["x-answerable-record"]
    assert base64.b64decode(message["reasoning_details"][0]["data"]) == bytes(range(256)) * 4, "no medium: as it was"


def test_sound_that_cannot_be_labelled_is_not_said_in_a_chat(client: OpenAI, upstream: MediaUpstream) -> None:
    upstream.chat = lambda asked: {"content": None, "audio": {"id": "a", "data": "AAAA" * 20, "transcript": "Hello"}}
    with pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(model="auto", messages=[{"role": "user", "content": "say"}])
    assert caught.value.code == "label.media"


def test_pictures_that_are_asked_about_go_on_as_they_are(client: OpenAI, upstream: MediaUpstream) -> None:
    theirs = label(drawn("theirs"), by=Labeller(OTHER)).data or b""
    link = "data:image/png;base64," + base64.b64encode(theirs).decode()
    parts: Any = [{"type": "image_url", "image_url": {"url": link}}]
    upstream.chat = lambda asked: {"content": "A picture."}
    client.chat.completions.create(
        model="auto",
        messages=[{"role": "user", "content": parts}, {"role": "tool", "tool_call_id": "1", "content": parts}],
    )
    sent = upstream.asked[-1]["messages"]
    assert [message["content"][0]["image_url"]["url"] for message in sent] == [link, link]


# --- audiences, and digital humans ------------------------------------------------------------------------------------


def test_a_digital_human_says_what_it_is_each_time(
    place: Place, handles: dict[str, str], upstream: MediaUpstream
) -> None:
    upstream.again()
    upstream.chat = lambda asked: {"content": "Good morning."}
    with place.client(handles["face"]) as client:
        for _ in range(2):
            raw = client.chat.completions.with_raw_response.create(
                model="scripted", messages=[{"role": "user", "content": "Good morning"}]
            )
            answer = raw.parse()
            assert answer.model_extra is not None
            assert answer.model_extra["answerable"]["notice"] == wording.notice("en")
            assert unquote(raw.headers["answerable-notice"]) == wording.notice("en")
            assert (answer.choices[0].message.content or "").startswith(wording.prefix(wording.words("en")))
        raw_sound = client.audio.speech.with_raw_response.create(
            model="scripted", voice="alloy", input="Good morning.", response_format="wav"
        )
    said, alone = raw_sound.content, spoken("Good morning.", "wav")
    assert read_label(said).record == raw_sound.headers["x-answerable-record"]
    assert unquote(raw_sound.headers["answerable-notice"]) == wording.notice("en")
    assert seconds(said) > seconds(alone) + 1, "the phrase comes first"
    assert said[-200:] != alone[-200:]


def seconds(data: bytes) -> float:
    with wave.open(io.BytesIO(data)) as sound:
        return sound.getnframes() / sound.getframerate()


def test_a_machine_gets_pictures_without_words(place: Place, handles: dict[str, str], upstream: MediaUpstream) -> None:
    upstream.again()
    pictures = []
    for name in ("face", "robot"):
        with place.client(handles[name]) as client:
            data = client.images.generate(model="scripted", prompt="a hill").data
            assert data is not None
            pictures.append(base64.b64decode(data[0].b64_json or ""))
    assert [changed(drawn("a hill 0"), picture) for picture in pictures] == [True, False]
    for picture in pictures:
        found = read_label(picture)
        assert found.verdict == "labelled"
