# SPDX-License-Identifier: Apache-2.0
"""One choice, drawn token by token from an engine that is played here; with the real one: test_local."""

from typing import Any

import msgspec
import pytest

from answerable.errors import Unavailable
from answerable.marks.text_watermark import WIDTH, Writer, score
from answerable.upstreams.drawn import CANDIDATES, Choice, Drawn, Engine, Rejected, Spent, Step, Token, unfinished

KEY = bytes(range(32))
END = 2


def token(number: int, text: bytes, prob: float) -> Token:
    return Token(number, list(text), prob)


def step(top: list[Token], stop: str = "limit", drawn: int = 0) -> Step:
    theirs = top[drawn]
    return Step(stop, 7, [Drawn(theirs.id, theirs.bytes, theirs.prob, top)], [theirs.id])


class Played(Engine):
    """Says `steps` one after the other; tokens of `ending` end an answer when it is asked about them."""

    def __init__(self, steps: list[Any], ending: tuple[int, ...] = (END,)) -> None:
        self._ends: dict[int, bool] = {}
        self._bytes: dict[int, bytes] = {}
        self.steps = steps
        self.ending = ending
        self.asked: list[dict[str, Any]] = []
        self.probes = 0

    async def tokens(self, text: str, *, special: bool) -> list[int]:
        return [97]

    async def step(self, asked: dict[str, Any]) -> Step:
        if asked["n_probs"] == 8:
            self.probes += 1
            number, letter = asked["prompt"][0], asked["logit_bias"][1][0]
            if self.probes == 1:  # it drew the one that ends inside a character
                return Step("limit", 7, [], [number])
            return step([token(letter, b"a", 0.95), token(number, b"\xe4", 0.05)])
        if "logit_bias" in asked and asked["n_probs"] == 1:
            self.probes += 1
            number = asked["prompt"][0]
            return step([token(number, b"", 1.0)], "eos" if number in self.ending else "limit")
        self.asked.append(asked)
        found = self.steps[len(self.asked) - 1]
        if isinstance(found, Exception):
            raise found
        assert isinstance(found, Step)
        return found


def choice(most: int = 100, **more: Any) -> Choice:
    return Choice({"id_slot": 1, "messages": [], "n_probs": 3, **more}, [10, 11], most, 4, KEY)


async def heard(engine: Engine, one: Choice, spent: Spent | None = None) -> str:
    return "".join([text async for text in one.speak(engine, spent or Spent())])


async def test_each_token_is_a_call_to_the_slot_that_the_answer_has() -> None:
    steps = [step([token(65 + i, bytes([65 + i]), 1.0)]) for i in range(5)]
    engine, spent = Played(steps), Spent()
    one = choice(5, temperature=0.7, top_p=None, prompt="theirs", cache_prompt=True, grammar="x")
    assert await heard(engine, one, spent) == "ABCDE"
    assert one.why == "length"
    assert (spent.prompt, spent.answer) == (7, 5)
    first, *later = engine.asked
    assert first == {
        "temperature": 0.7, "n_predict": 1, "n_probs": CANDIDATES, "post_sampling_probs": True,
        "return_tokens": True, "id_slot": 1, "seed": 4,
        "prompt": [10, 11], "cache_prompt": False,
    }  # fmt: skip
    assert [each["cache_prompt"] for each in later] == [True] * 4
    assert later[-1]["prompt"] == [10, 11, 65, 66, 67, 68]


async def test_the_choice_is_ours_and_carries_the_mark() -> None:
    steps = [step([token(2 * i + 10, b"a", 0.5), token(2 * i + 11, b"b", 0.5)]) for i in range(200)]
    engine = Played(steps)
    one = choice(200)
    await heard(engine, one)
    said = engine.asked[-1]["prompt"][2:]
    assert score(KEY, said).p_value < 1e-3
    chance = __import__("random").Random(4)
    writer = Writer(KEY, chance.random)
    assert said == [writer.next([(2 * i + 10, 0.5), (2 * i + 11, 0.5)]) for i in range(199)]
    assert score(bytes(32), said).p_value > 1e-4
    assert len(said) > WIDTH


async def test_it_ends_where_the_model_ends() -> None:
    engine = Played([step([token(65, b"A", 1.0)]), step([token(END, b"", 1.0)], "eos")])
    one, spent = choice(), Spent()
    assert (await heard(engine, one, spent), one.why, spent.answer, engine.probes) == ("A", "stop", 2, 0)
    # The engine drew another token than we: whether ours ends the answer is asked once.
    steps = [step([token(65, b"A", 1e-9), token(END, b"", 1.0)])] * 3
    for probes in (1, 1):
        one = choice()
        engine = engine if engine.probes else Played(steps)
        engine.asked.clear()
        assert (await heard(engine, one), one.why, engine.probes) == ("", "stop", probes)
    silent = Played([step([token(9, b"", 1.0)]), step([token(65, b"A", 1.0)])], ending=())
    one = choice(2)
    assert (await heard(silent, one), one.why) == ("A", "length")


async def test_stops_characters_and_a_full_context() -> None:
    steps = [step([token(60 + i, part, 1.0)]) for i, part in enumerate([b"", b"\xbd\xa0", b"x. ", b"more"])]
    steps[0] = Step("limit", 7, [], [60])
    one = choice(stop=".")
    assert (await heard(Played(steps), one), one.why) == ("你x", "stop")
    full = Rejected(400, b'{"error":{"type":"exceed_context_size_error"}}')
    one = choice()
    assert (await heard(Played([*steps[:2], full]), one), one.why) == ("你", "length")
    for wrong in (full, Rejected(400, b"{}")):
        with pytest.raises(Rejected):
            await heard(Played([wrong]), choice())
    with pytest.raises(Rejected):
        await heard(Played([steps[0], Rejected(500, b"{}")]), choice())


async def test_a_token_that_ends_inside_a_character_stands_where_the_engine_draws_it() -> None:
    inside = Step("limit", 7, [], [60])
    ends = step([token(61, b"\xbd\xa0", 1.0)])
    engine, one = Played([inside, ends, inside, ends]), choice(4)
    assert await heard(engine, one) == "你你"
    assert engine.probes == 2, "what it says is found out once"
    assert engine.asked[-1]["prompt"] == [10, 11, 60, 61, 60]
    assert [each["seed"] for each in engine.asked] == [4, 5, 6, 7]
    # Where the engine drew another, those that end inside a character are not for us to choose.
    mixed = step([token(70, b"a", 0.1), token(60, b"\xe4", 0.9)])
    for seed in range(20):
        one = Choice({"id_slot": 0}, [1], 1, seed, KEY)
        assert await heard(Played([mixed]), one) == "a"
    with pytest.raises(Unavailable):
        await heard(Played([Step("limit", 7, [], [])]), choice())


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (b"", False), (b"a", False), (b"\xe4", True), (b"\xe4\xbd", True), (b"\xe4\xbd\xa0", False), (b"\xa0", False),
        (b"\xc3", True), (b"\xc3\xa9", False), (b"\xf0\x9f\x98", True), (b"\xf0\x9f\x98\x80", False), (b"x\xf0", True),
        (b"\x80\x80\x80\x80\x80", False),
    ],
)  # fmt: skip
def test_where_a_character_is_unfinished(said: bytes, found: bool) -> None:
    assert unfinished(said) == found


async def test_an_engine_that_says_nothing_is_broken() -> None:
    with pytest.raises(Unavailable) as caught:
        await heard(Played([Step("limit", 1)]), choice())
    assert caught.value.code == "upstream.broken"
    wire = b'{"completion_probabilities":[{"id":1,"token":"a","bytes":[97],"prob":1.0,"top_probs":[]}],'
    read = msgspec.json.decode(wire + b'"stop_type":"limit","tokens_evaluated":3,"more":1}', type=Step)
    assert await heard(Played([read]), choice(1)) == "a"
