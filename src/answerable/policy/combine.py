# SPDX-License-Identifier: Apache-2.0
"""Kernel, domain and operators together: whoever comes after the kernel may only tighten."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from typing import Final

from answerable.errors import AnswerableError
from answerable.model.actions import About, Decision, Facts
from answerable.model.terms import Ruling
from answerable.model.tools import Floor
from answerable.policy import kernel, worlds
from answerable.ports import Policy

# Anything that is not one of these is as strict as a refusal.
_STRICTNESS: Final = {Ruling.PERMIT: 0, Ruling.HOLD: 1, Ruling.REFUSE: 2}
_REFUSE: Final = 2

FAILED: Final = "policy_failed"


def strictness(ruling: Ruling) -> int:
    """0 permit, 1 hold, 2 refuse; 2 for what is no ruling."""
    return _STRICTNESS.get(ruling, _REFUSE)


def combine(kernel: Decision, others: Iterable[Decision]) -> Decision:
    """The strictest of all, the first of equals, with the obligations of all that ruled as strictly. The kernel's own
    ruling is always among them, so nobody widens it."""
    final = kernel
    obligations = dict.fromkeys(kernel.obligations)
    for decision in others:
        here, best = strictness(decision.ruling), strictness(final.ruling)
        if here > best:
            final, obligations = decision, dict.fromkeys(decision.obligations)
        elif here == best:
            obligations.update(dict.fromkeys(decision.obligations))
    if tuple(obligations) == final.obligations:
        return final
    return Decision(final.ruling, final.rule, final.why, tuple(obligations))


def consult(policy: Policy, facts: Facts, about: About) -> Decision:
    """One operator's ruling; an exception or something that is no decision is a refusal."""
    try:
        decision = policy.decide(facts, about)
    except AnswerableError as error:
        return Decision(Ruling.REFUSE, FAILED, error.code)
    except Exception:  # noqa: BLE001  a policy that fails must not decide by failing
        return Decision(Ruling.REFUSE, FAILED, FAILED)
    return decision if isinstance(decision, Decision) else Decision(Ruling.REFUSE, FAILED, FAILED)


def decide(facts: Facts, about: About, policies: Iterable[Policy], asked: Floor | None = None) -> Decision:
    """The final ruling: the kernel's, tightened by what is asked of the tool and by each of `policies`. asked: of a
    tool call, `policy.worlds.asked` of its row."""
    ruling = kernel.decide(facts)
    if ruling.ruling is Ruling.REFUSE:
        return ruling  # nothing is stricter, so nobody else need be asked
    if asked is None:
        final = combine(ruling, [consult(policy, facts, about) for policy in policies])
    else:
        row = worlds.ruling(asked)
        final = combine(ruling, [row, *[consult(policy, facts, about) for policy in policies]])
        if final.ruling is Ruling.HOLD and not asked.held:
            return worlds.never_held(asked)
    return final


def digest(policies: Iterable[Policy]) -> str:
    """sha256 hex of the policy in force now: the kernel's table, that of the domains, and each operator's text, in
    order. What open leaves call `pol`. Taken in the same breath as a decision it is the digest of what decided."""
    return _digest((kernel.DIGEST, worlds.DIGEST, *[policy.digest for policy in policies]))


@lru_cache(maxsize=64)
def _digest(parts: tuple[str, ...]) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()
