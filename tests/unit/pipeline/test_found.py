# SPDX-License-Identifier: Apache-2.0
import pytest

from answerable.pipeline.found import file_tag, principal_tag, tag, tags

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
