# SPDX-License-Identifier: Apache-2.0
"""A file with a few places spoiled: bytes taken out and others put in, as Hypothesis chooses."""

from __future__ import annotations

from hypothesis import strategies as st


@st.composite
def mutated(draw: st.DrawFn, seed: bytes) -> bytes:
    """`seed` with up to five places of at most six bytes changed, some longer and some shorter."""
    made = bytearray(seed)
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(made) - 1))
        made[at : at + draw(st.integers(0, 6))] = draw(st.binary(max_size=6))
    return bytes(made)
