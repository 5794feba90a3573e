# SPDX-License-Identifier: Apache-2.0
"""Labels and what people saved, whatever it is: our errors alone, and what was written is read back."""

from __future__ import annotations

import json
from contextlib import suppress

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.crypto.ed25519 import Key
from answerable.errors import VerificationError
from answerable.formats import saved
from answerable.marks import aigc, binding, language, provider_code, signature, wording
from answerable.model.labels import AIGC
from tests.openai_wire import RID, completion, through
from tests.property.test_wire import OBJECTS, SHAPED, TEXTS

VALUES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="\\"), max_size=20)
FILLED = VALUES.filter(bool)
KEY = Key.generate()


@given(st.sampled_from(aigc.KINDS), FILLED, FILLED, VALUES, VALUES, VALUES, VALUES)
def test_what_is_written_is_read_back(kind: str, producer: str, identity: str, a: str, b: str, c: str, d: str) -> None:
    label = AIGC(kind, producer, identity, a, b, c, d)
    text = aigc.write(label)
    assert text.isascii()
    assert aigc.read(text) == aigc.Found(label)


@given(st.binary(max_size=200) | SHAPED.map(lambda value: json.dumps(value).encode()))
def test_aigc_objects_of_any_bytes(data: bytes) -> None:
    with suppress(VerificationError):
        aigc.read(data)


@given(SHAPED | st.dictionaries(st.sampled_from(["Content", "Prints", "Sketch", "Signature"]), TEXTS | SHAPED))
def test_what_a_label_was_signed_for_of_any_shape(entry: object) -> None:
    """Beside a signature that holds: whatever nobody signed is no binding."""
    label = signature.sign(AIGC("1", "somebody", "record"), KEY)
    code = json.loads(label.reserved_code1)
    told = {**entry, "Type": binding.TYPE} if isinstance(entry, dict) else entry
    code["SecurityData"]["PubSD"].append(told)
    label = msgspec.structs.replace(label, reserved_code1=json.dumps(code))
    found = binding.bound_by(label, signature.check(label), signature.check_propagation(label))
    assert found == ((), isinstance(told, dict))


@given(st.text(max_size=30))
def test_provider_codes(code: str) -> None:
    with suppress(VerificationError):
        assert str(provider_code.parse(code)) == code


@given(st.binary(max_size=300) | SHAPED.map(lambda value: json.dumps(value).encode()))
def test_what_was_saved_of_any_bytes(data: bytes) -> None:
    saved.read(data)


@given(
    st.sampled_from(["chat.completion", "chat.completion.chunk", "text_completion", "response", "list"]),
    st.lists(OBJECTS, min_size=1, max_size=3),
    st.sampled_from(["\n", "\n\ndata: "]),
)
@settings(max_examples=300, deadline=None)
def test_what_was_saved_of_any_shape(kind: str, values: list[dict[str, object]], between: str) -> None:
    text = between.join(json.dumps({**value, "object": kind}) for value in values)
    saved.read((("data: " if "data" in between else "") + text).encode())


@given(TEXTS)
def test_a_labelled_text_is_found_again_with_and_without_its_label(text: str) -> None:
    for words in wording.WORDS.values():
        assert wording.without(wording.prefix(words) + text) == text
        assert wording.plain(wording.prefix(words) + text) == wording.plain(text) or wording.found(text)


@given(st.lists(TEXTS, min_size=1, max_size=3))
def test_an_answer_that_was_saved_has_the_content_that_was_sent(texts: list[str]) -> None:
    sent = through("chat", json.dumps(completion(*texts)).encode(), stream=False)
    got = saved.read(sent.data)
    assert (got.record, got.content, got.texts) == (RID, sent.transcript.body(), sent.transcript.texts())


@given(st.text(max_size=200), st.text(max_size=50))
def test_languages(text: str, header: str) -> None:
    assert language.choose(text, header) in ("en", "zh")
