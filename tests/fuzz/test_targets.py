# SPDX-License-Identifier: Apache-2.0
"""Each fuzz target runs over the published vectors and over broken ones; the long runs are `make fuzz`."""

from __future__ import annotations

import random

import pytest

from fuzz.explicit_targets import SLOW
from fuzz.targets import TARGETS, run, seeds

SEEDS = list(seeds())


def test_there_are_seeds() -> None:
    assert len(SEEDS) > 200


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_raises_nothing_but_our_errors(name: str) -> None:
    target, chance = TARGETS[name], random.Random(name)
    for seed in chance.sample(SEEDS, min(len(SEEDS), 30 if name in SLOW else 300)):
        run(target, seed)
        broken = bytearray(seed)
        for _ in range(chance.randint(1, 4)):
            if broken:
                broken[chance.randrange(len(broken))] = chance.randrange(256)
        run(target, bytes(broken))
        run(target, bytes(broken[: chance.randrange(len(broken) + 1)]))


def test_a_finding_is_a_finding() -> None:
    def defective(data: bytes) -> None:
        raise ValueError(len(data))

    with pytest.raises(ValueError, match="3"):
        run(defective, b"abc")
