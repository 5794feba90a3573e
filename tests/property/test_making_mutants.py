# SPDX-License-Identifier: Apache-2.0
"""A mutant for each bound on what agents make: the bound removed. The state machine beside this notices each, in the
rule or the invariant that is named here."""

from __future__ import annotations

import inspect
import traceback
import types

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from answerable.registry import making
from answerable.tools import accounts, spending
from tests.property import test_making_machine as machine

# (bound, module, what stands there, what the mutant has instead, the rules or invariants that fail)
MUTANTS = [
    (
        "the maker's rights",
        making,
        "judge=lambda child: bounded(child, maker, warrant),",
        "judge=lambda child: None,",
        "nobody_has_more_than_the_founder",
    ),
    (
        "the maker's tools",
        making,
        "within(child.tools, maker.tools) and within(child.tools, warrant.tools),",
        "True,",
        "nobody_has_more_than_the_founder",
    ),
    ("size of a family", making, "if size > most:", "if False:", "a_family_stays_within_its_bounds"),
    (
        "starts only what it made",
        making,
        "if maker.rid not in {each.rid for each in makers(directory, found)}:",
        "if False:",
        "start end",
    ),
    ("the maker's budget", accounts, "        if maker is None:\n", "        if True:\n", "act"),
]
SETTINGS = settings(
    max_examples=150, stateful_step_count=30, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
)  # fmt: skip


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant[0])
def test_the_machine_notices_a_bound_that_is_removed(
    mutant: tuple[str, types.ModuleType, str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, module, old, new, notices = mutant
    source = inspect.getsource(module)
    assert source.count(old) == 1, "the mutant has nothing to change"
    changed = types.ModuleType(module.__name__)
    changed.__file__ = module.__file__
    exec(compile(source.replace(old, new), str(module.__file__), "exec"), changed.__dict__)
    if module is making:
        monkeypatch.setattr(machine, "making", changed)
    else:
        monkeypatch.setattr(spending, "account", changed.account)
    # pytest.fail.Exception: what was to be refused was not.
    with pytest.raises((AssertionError, pytest.fail.Exception)) as caught:
        run_state_machine_as_test(machine.MakingMachine, settings=SETTINGS)  # type: ignore[no-untyped-call]
    failed = {frame.name for frame in traceback.extract_tb(caught.value.__traceback__)}
    assert failed & set(notices.split()), failed
