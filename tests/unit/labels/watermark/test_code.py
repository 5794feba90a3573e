# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.labels.watermark import code

PAYLOADS = st.integers(0, 2**48 - 1)


def soft(word: np.ndarray) -> np.ndarray:
    return 1.0 - 2.0 * word


def test_the_crc_is_the_known_one() -> None:
    # CRC-16/XMODEM: its check value is 0x31C3 for "123456789"; six bytes, worked out by its definition as a remainder.
    payload = 0x313233343536
    remainder = payload << 16
    for power in range(63, 15, -1):
        if remainder >> power & 1:
            remainder ^= 0x11021 << (power - 16)
    assert code.crc16(payload) == remainder


def test_the_generator_has_the_roots_that_correct_ten_errors() -> None:
    assert code.generator().bit_length() - 1 == 63
    powers = [1]
    for _ in range(126):
        powers.append(powers[-1] << 1 ^ (0x89 if powers[-1] & 0x40 else 0))
    for root in range(1, 21):
        total = 0
        for power in range(64):
            if code.generator() >> power & 1:
                total ^= powers[root * power % 127]
        assert total == 0


@given(PAYLOADS, st.sets(st.integers(0, 126), max_size=10))
def test_ten_wrong_bits_are_corrected(payload: int, wrong: set[int]) -> None:
    values = soft(code.encode(payload))
    # A wrong bit is heard a little less surely than a right one, as it is of any channel that adds noise.
    values[sorted(wrong)] *= -0.7
    read = code.decode(values)
    assert read is not None
    assert (read.payload, read.corrected) == (payload, len(wrong))
    assert np.array_equal(read.word, code.encode(payload))


@given(PAYLOADS, PAYLOADS)
def test_words_are_far_apart(one: int, other: int) -> None:
    apart = int((code.encode(one) != code.encode(other)).sum())
    assert apart == 0 if one == other else apart >= 21


def test_it_reads_near_the_bound_of_what_can_be_read() -> None:
    rng = np.random.default_rng(1)
    right = wrong = 0
    for _ in range(60):
        payload = int(rng.integers(0, 1 << 48))
        # Three decibels of energy for each bit of the payload over the noise's density.
        heard = soft(code.encode(payload)) * np.sqrt(2 * 10**0.3 * 48 / 127) + rng.standard_normal(127)
        read = code.decode(heard)
        right += read is not None and read.payload == payload
        wrong += read is not None and read.payload != payload
    assert right >= 52
    assert wrong == 0


def test_noise_is_seldom_a_word() -> None:
    rng = np.random.default_rng(2)
    assert sum(code.decode(rng.standard_normal(127)) is not None for _ in range(150)) <= 1


def test_what_is_no_payload_and_no_word() -> None:
    for payload in (-1, 1 << 48):
        with pytest.raises(ValueError):
            code.encode(payload)
    with pytest.raises(ValueError):
        code.decode(np.zeros(126))
    assert code.decode(np.full(127, np.nan)) is None
