# SPDX-License-Identifier: Apache-2.0
"""A mark in the choice of words: Gumbel-max sampling under a key, and the exact p-value of finding it again.

S. Aaronson's scheme as `docs/spec/label.md` ("Watermark in text") has it. Each token is drawn from the model's own
distribution, but the chance comes from a keyed function of the four tokens before it: whoever has the key sees that
luck was on the side of the tokens that stand there. On average over keys each word is as likely as without the mark.

Drawn without a mark are the first tokens, that have no context yet; a token whose context came before in the same
answer, so that no answer is driven into a loop; and one in sixteen, so that two answers that begin alike part again.
Readers count each context once.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

WIDTH: Final = 4  # tokens of the context
KEY_BYTES: Final = 32
FREE: Final = 1 / 16  # of the tokens are drawn without a mark
MAX_TOKENS: Final = 200_000  # of one text that is read
PERSON: Final = b"answerable-text1"
_KEY_PERSON: Final = b"answerable-tkey1"
_UNIT: Final = 2.0**-53


@dataclass(frozen=True, slots=True)
class Score:
    """tokens: of the text; scored: distinct contexts among them; score: sum of -ln(1-u) over those, on average one each
    without a mark; log10_p: common logarithm of the chance that a text without the mark reaches it, at most 0."""

    tokens: int
    scored: int
    score: float
    log10_p: float

    @property
    def p_value(self) -> float:
        return float(10.0**self.log10_p)


def sampling_key(secret: bytes, model: str) -> bytes:
    """The key under which one model's words are drawn. secret: the store's own; model: the digest of its weights, whose
    tokens it is about. The secret cannot be had from it."""
    return blake2b(model.encode(), key=secret, digest_size=KEY_BYTES, person=_KEY_PERSON).digest()


def luck(key: bytes, context: Sequence[int], token: int) -> float:
    """The keyed chance of `token` after `context` (WIDTH token ids), above 0 and below 1, uniform without the key."""
    said = struct.pack(f"<{WIDTH + 1}I", *context, token)
    digest = blake2b(said, key=key, digest_size=8, person=PERSON).digest()
    return ((int.from_bytes(digest) >> 11) + 0.5) * _UNIT


def choose(key: bytes, context: Sequence[int], candidates: Iterable[tuple[int, float]]) -> int:
    """The token whose luck for its probability is best. candidates: (token id, probability above 0), at least one;
    of equals the smallest id wins."""
    return min((-math.log(luck(key, context, token)) / p, token) for token, p in candidates)[1]


def draw(candidates: Sequence[tuple[int, float]], chance: float) -> int:
    """A token without a mark. chance: from 0 up to 1."""
    left = chance * sum(p for _, p in candidates)
    for token, p in candidates:
        left -= p
        if left < 0:
            return token
    return candidates[-1][0]


class Writer:
    """The drawing of one answer. chance: gives numbers from 0 up to 1, for what is drawn without a mark."""

    __slots__ = ("_chance", "_key", "_said", "_seen")

    def __init__(self, key: bytes, chance: Callable[[], float]) -> None:
        self._key = key
        self._chance = chance
        self._said: tuple[int, ...] = ()
        self._seen: set[tuple[int, ...]] = set()

    def next(self, candidates: Sequence[tuple[int, float]]) -> int:
        """The next token. candidates: as `choose`. Raises ValueError where there is none."""
        likely = [(token, p) for token, p in candidates if p > 0]
        if not likely:
            raise ValueError("no candidates")
        context = self._said
        if len(context) < WIDTH or context in self._seen or self._chance() < FREE:
            token = draw(likely, self._chance())
        else:
            token = choose(self._key, context, likely)
        self.heard(token)
        return token

    def heard(self, token: int) -> None:
        """The next token, chosen by somebody else."""
        self._seen.add(self._said)
        self._said = (*self._said, token)[-WIDTH:]


def score(key: bytes, tokens: Sequence[int]) -> Score:
    """What speaks for the mark in a text. tokens: ids by the model's own tokeniser, at most MAX_TOKENS of them are
    looked at. The p-value is exact: without the mark the sum is Erlang distributed (the sum of as many exponentials as
    there are contexts)."""
    tokens = tokens[:MAX_TOKENS]
    seen: set[tuple[int, ...]] = set()
    total = 0.0
    for place in range(WIDTH, len(tokens)):
        context = tuple(tokens[place - WIDTH : place])
        if context not in seen:
            seen.add(context)
            total -= math.log1p(-luck(key, context, tokens[place]))
    return Score(len(tokens), len(seen), total, log10_erlang(len(seen), total))


def log10_erlang(count: int, total: float) -> float:
    """Common logarithm of P(sum of `count` standard exponentials >= `total`); 0 for no count."""
    if count <= 0 or total <= 0:
        return 0.0
    # Terms total^i / i! * e^-total for i < count, of which the largest is taken out.
    logs = [i * math.log(total) - math.lgamma(i + 1) - total for i in range(count)]
    most = max(logs)
    return min(0.0, (most + math.log(math.fsum(math.exp(each - most) for each in logs))) / math.log(10))
