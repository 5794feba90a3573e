# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import itertools

import pytest

from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.guard import beginning
from answerable.guard.beginning import first, unless
from answerable.guard.sources import ControlPlane, Leased
from tests.unit.guard.offices import IDENTITY, Office


def listens(retry_s: object = 5) -> Unavailable:
    return Unavailable("recover.unheard", nodes="berlin", retry_s=retry_s)


class Registry:
    """A source: raises these, one a question, then gives a warrant."""

    name = "registry"

    def __init__(self, *errors: AnswerableError) -> None:
        self.errors = list(errors)
        self.office = Office()

    async def next(self) -> Leased:
        if self.errors:
            raise self.errors.pop(0)
        return await self.office.source().next()

    def longest_ms(self) -> int:
        return 0


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beginning, "RETRY_MS", 20)


async def test_a_registry_that_listens_is_waited_for_and_that_is_said_once_in_both_languages() -> None:
    said: list[tuple[str, str]] = []
    leased = await first(Registry(listens(), listens(4), listens(4)), lambda *words: said.append(words))
    assert leased.warrant.seq == 1
    ((english, chinese),) = said
    assert "8 s at most" in english, "the five that were told, and three over"
    assert "berlin" in english
    assert "8 秒" in chinese
    assert "berlin" in chinese


async def test_who_only_carries_the_answer_puts_no_lines_of_its_own_into_what_is_said() -> None:
    said: list[str] = []
    forged = Unavailable("recover.unheard", nodes="berlin)\nstopped: by nobody\r" + "x" * 10_000, retry_s=1)
    await first(Registry(forged), lambda *words: said.extend(words))
    for line in said:
        assert "\n" not in line
        assert "\r" not in line
        assert len(line) < 400


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("admin.unreachable", socket="s"),
        Unavailable("recover.behind", waiting="nobody"),
        Refused("stop.system", order="o"),
    ],
)
@pytest.mark.parametrize("late", [False, True])
async def test_nothing_else_is_waited_for(error: AnswerableError, late: bool) -> None:
    registry = Registry(*([listens()] if late else []), error)
    said: list[object] = []
    with pytest.raises(type(error), match=error.code):
        await first(registry, lambda *words: said.append(words))
    assert len(said) == late


async def test_at_the_bound_the_start_fails_as_it_was_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(0, 500)  # ms: half a second goes by between two looks at it
    monkeypatch.setattr(beginning, "mono_ms", lambda: next(clock))
    monkeypatch.setattr(beginning, "RETRY_MS", 1)
    registry = Registry(*[listens(2)] * 200)
    with pytest.raises(Unavailable, match=r"recover\.unheard"):
        await first(registry, lambda *_: None)
    assert 8 <= 200 - len(registry.errors) <= 12, (
        "two seconds, as was told at first, and three: not more with each answer"
    )


@pytest.mark.parametrize(("told", "seconds"), [(10**9, 300), (-4, 1), ("soon", 5), (None, 5)])
async def test_what_is_told_is_bounded(told: object, seconds: int) -> None:
    said: list[str] = []
    await first(Registry(listens(told)), lambda english, _: said.append(english))
    assert f", {seconds + 3} s at most" in said[0]


async def test_a_warrant_counts_from_the_question_that_it_answers_not_from_before_the_wait() -> None:
    """A machine's warrant lives two seconds: counted from the first question it would be over as it comes."""
    office = Office()
    office.life = 2_000
    source = office.source()
    office.error = listens()
    with pytest.raises(Unavailable):
        await source.next()
    office.passes(5_000)
    office.error = None
    held = (await source.next()).held
    assert (held.seq, held.ends) == (1, office.mono + 2_000)


async def test_what_the_issuer_says_counts_more_than_a_way_that_is_closed() -> None:
    open_way, closed = Office(), Office()
    open_way.error, closed.error = listens(4), Unavailable("relay.unreachable", relay="r", detail="d")
    for posts in ((open_way, closed), (closed, open_way)):
        with pytest.raises(Unavailable) as raised:
            await ControlPlane(IDENTITY, posts).next()
        assert (raised.value.code, raised.value.params["retry_s"]) == ("recover.unheard", 4)


async def test_who_ends_it_meanwhile_ends_it_at_once() -> None:
    ended, went_on = asyncio.Event(), []

    async def work() -> None:
        await asyncio.sleep(30)
        went_on.append(1)

    asyncio.get_running_loop().call_later(0.05, ended.set)
    async with asyncio.timeout(2):
        assert not await unless(ended, work())
    assert not went_on


async def test_what_is_done_is_done_and_what_it_raises_is_raised() -> None:
    async def well() -> None:
        await asyncio.sleep(0)

    async def ill() -> None:
        raise Refused("stop.system", order="o")

    ended = asyncio.Event()
    assert await unless(ended, well())
    with pytest.raises(Refused, match=r"stop\.system"):
        await unless(ended, ill())
    ended.set()
    assert not await unless(ended, well()), "who was asked to end does not begin"
