# SPDX-License-Identifier: Apache-2.0
"""A mutant for each of the seven steps: the step skipped, or its refusal ignored. Each makes its named scenario
fail."""

from __future__ import annotations

import inspect
import types

import pytest

from answerable.pipeline import carry as module
from answerable.pipeline import steps
from tests.unit.pipeline import scenarios as s
from tests.unit.pipeline.scripted import Carry

SOURCE = inspect.getsource(module)
STEPS = inspect.getsource(steps)

# (step, what stands in carry.py or steps.py, what the mutant has instead, the scenario that must fail)
MUTANTS = [
    (
        "1 admission skipped",
        "present(action.credential)\n    deps.gate.admit(caller)\n",
        "present(action.credential)\n",
        s.an_expired_caller_is_refused_and_recorded,
    ),
    (
        "1 worlds ignored",
        "    reach(caller.warrant, world=action.world, criticality=action.criticality)\n",
        "",
        s.an_action_beyond_its_worlds_is_refused,
    ),
    (
        "2 ruling ignored",
        "        refuse_unless_permitted(cleared.decision)\n",
        "",
        s.confidential_content_does_not_leave,
    ),
    (
        "3 open leaf skipped",
        "        await record.open(cleared.decision)\n",
        "",
        s.the_open_leaf_stands_before_the_call,
    ),
    (
        "3 not admitted again",
        "        caller, model = await still_admitted(action, flight, deps)\n\n        # (4)",
        "\n        # (4)",
        s.a_stop_that_comes_while_the_disk_is_waited_for_is_obeyed,
    ),
    (
        "4 no deadline",
        "        flight.due(deps.deadline_s)\n",
        "",
        s.a_hanging_upstream_is_left_at_the_deadline,
    ),
    (
        "5 nothing watched",
        'watch("".join([chunk.text for chunk in chunks]), watches)',
        "pass",
        s.a_red_line_is_not_released,
    ),
    (
        "5 stop not looked for",
        "                caller, model = await still_admitted(action, flight, deps)\n                watch",
        "                watch",
        s.a_stop_between_two_pieces_ends_the_stream,
    ),
    (
        "5 credential not looked at again",
        "                caller, model = await still_admitted(action, flight, deps)\n                watch",
        "                deps.gate.admit(caller)\n                deps.gate.admit(model)\n                watch",
        s.a_credential_that_is_revoked_between_two_pieces_ends_the_stream,
    ),
    ("6 not labelled", "mark.feed(chunk)", "chunk", s.the_answer_is_labelled_for_people_and_machines),
    (
        "6 not stamped",
        "                    dialect.stamp(marked, record.rid, served.system.name)\n",
        "",
        s.each_piece_carries_the_record_id,
    ),
    ("7 close leaf skipped", "        await record.close(Outcome.DONE)\n", "", s.the_close_leaf_says_how_it_ended),
]


def made_of(source: str, of_steps: str) -> Carry:
    """`carry` as these two sources have it."""
    made, changed = types.ModuleType("mutant"), types.ModuleType("changed")
    exec(compile(of_steps, "changed", "exec"), changed.__dict__)
    exec(compile(source, "mutant", "exec"), made.__dict__)
    for name in ("admit", "decide"):
        setattr(made, name, getattr(changed, name))
    return made.carry  # type: ignore[no-any-return]


def mutant(old: str, new: str) -> Carry:
    assert SOURCE.count(old) + STEPS.count(old) == 1, f"the mutant's place is not unique any more: {old!r}"
    return made_of(SOURCE.replace(old, new), STEPS.replace(old, new))


@pytest.mark.parametrize("scenario", dict.fromkeys(m[3] for m in MUTANTS), ids=lambda s: s.__name__)
async def test_the_same_sources_without_a_change_pass(scenario: object) -> None:
    await scenario(made_of(SOURCE, STEPS))  # type: ignore[operator]


@pytest.mark.parametrize(("old", "new", "scenario"), [m[1:] for m in MUTANTS], ids=[m[0] for m in MUTANTS])
async def test_a_mutant_fails_its_scenario(old: str, new: str, scenario: object) -> None:
    with pytest.raises(Exception):  # noqa: B017  whatever way it fails, it must not pass
        await scenario(mutant(old, new))  # type: ignore[operator]


def test_every_step_has_a_mutant() -> None:
    assert {name.split()[0] for name, *_ in MUTANTS} == set("1234567")
