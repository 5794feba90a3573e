# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.marks.sketch import sketch
from answerable.model.media import LabelledMedium
from answerable.model.prints import Kind, Print, distance, read
from answerable.pipeline.found import (
    content_tag,
    file_tag,
    file_tags,
    hidden,
    kept_tags,
    principal_tag,
    sketch_tags,
    sketched,
    tag,
    tags,
    watermark_tag,
)

KEY = b"k" * 32


@pytest.mark.parametrize("copied", ["a text\nof two lines", "  a text of two lines \n", "a text\tof  two lines"])
def test_a_copy_is_found_whatever_an_editor_did_to_its_spaces(copied: str) -> None:
    assert tag(copied, KEY) == tag("a text of two lines", KEY)


def test_another_text_or_another_key_is_not() -> None:
    assert tag("a text", KEY) != tag("a texts", KEY)
    assert tag("a text", KEY) != tag("a text", b"j" * 32)
    assert len(tag("a text", KEY)) == 16


def test_empty_texts_have_no_tag() -> None:
    assert tags(["", " \n", "x"], KEY) == (tag("x", KEY),)


def test_a_text_that_is_no_unicode_scalar_is_tagged_too() -> None:
    assert tag("\ud800", KEY)


def test_a_principal_is_found_by_its_exact_name_and_never_by_a_text() -> None:
    key = b"k" * 32
    assert len(principal_tag("user-1", key)) == 16
    assert principal_tag("user-1", key) == principal_tag("user-1", key)
    others = {principal_tag("User-1", key), principal_tag(" user-1", key), principal_tag("user-1", b"l" * 32)}
    assert principal_tag("user-1", key) not in others | {tag("user-1", key)}


def test_a_file_is_found_by_its_digest_alone() -> None:
    digest = b"d" * 32
    assert len(file_tag(digest, KEY)) == 16
    assert file_tag(digest, KEY) == file_tag(digest, KEY)
    others = {file_tag(b"e" * 32, KEY), file_tag(digest, b"j" * 32), principal_tag("d" * 32, KEY), tag("d" * 32, KEY)}
    assert file_tag(digest, KEY) not in others


def test_layers_of_a_file_never_have_the_same_tag() -> None:
    digest = b"d" * 32
    found = {file_tag(digest, KEY), content_tag(digest, KEY), watermark_tag(7, KEY), keyed_text(digest)}
    assert len(found) == 4
    assert {len(tag) for tag in found} == {16}


def keyed_text(digest: bytes) -> bytes:
    return tag(digest.hex(), KEY)


WORD = st.integers(0, (1 << 64) - 1)


@given(st.tuples(WORD, WORD, WORD), st.tuples(WORD, WORD, WORD))
def test_hiding_a_fingerprint_leaves_distances(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    plain, hid = (
        [how(Print(Kind.IMAGE, 1, words)) for words in (one, other)] for how in (lambda p: p, lambda p: hidden(p, KEY))
    )
    assert distance(*plain) == distance(*hid)
    assert read(hid[0].tag()) == hid[0]


def test_a_hidden_fingerprint_tells_its_bits_to_nobody_without_the_key() -> None:
    its = Print(Kind.IMAGE, 1, (0, 0, (1 << 64) - 1))
    hid, other = hidden(its, KEY), hidden(its, b"j" * 32)
    assert len({*its.words, *hid.words, *other.words}) == 8
    assert hidden(Print(Kind.AUDIO, 1, its.words), KEY).words != hid.words
    assert all(20 < word.bit_count() < 44 for word in (*hid.words, *other.words))


def test_sketches_are_keyed_and_have_a_length_of_their_own() -> None:
    text = " ".join(f"n{number} brown fox" for number in range(60))
    found = sketch_tags(text, KEY)
    assert {len(each) for each in found} == {12}
    assert found == sketched(sketch(text), KEY)
    assert not set(found) & set(sketch_tags(text, b"j" * 32))
    assert all(read(each) is None for each in found)


def test_a_labelled_file_is_kept_under_all_of_its_tags() -> None:
    its = Print(Kind.IMAGE, 1, (1, 2, 3))
    found = kept_tags(KEY, (b"d" * 32, b"d" * 32), content=b"c" * 32, prints=(its,), sketch=(1, 2), watermark=5)
    assert found == (
        file_tag(b"d" * 32, KEY), content_tag(b"c" * 32, KEY), watermark_tag(5, KEY), *sketched((1, 2), KEY),
        hidden(its, KEY).tag(),
    )  # fmt: skip
    assert kept_tags(KEY, (b"d" * 32,)) == (file_tag(b"d" * 32, KEY),)
    medium = LabelledMedium(
        data=b"",
        media="image/png",
        aigc="{}",
        before=b"b" * 32,
        digest=b"d" * 32,
        layers=(),
        prints=(its,),
        watermark=0,
    )
    assert file_tags([medium], KEY) == kept_tags(KEY, (b"d" * 32, b"b" * 32), prints=(its,), watermark=0)
