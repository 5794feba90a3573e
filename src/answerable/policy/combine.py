# SPDX-License-Identifier: Apache-2.0
"""Kernel and operators together: an operator's policy may only tighten."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from answerable.errors import AnswerableError
from answerable.model.actions import Decision, Facts
from answerable.model.terms import Ruling
from answerable.policy import kernel
from answerable.ports import Policy

# Anything that is not one of these is as strict as a refusal.
_STRICTNESS: Final = {Ruling.PERMIT: 0, Ruling.HOLD: 1, Ruling.REFUSE: 2}
_REFUSE: Final = 2

FAILED: Final = "policy_failed"


def strictness(ruling: Ruling) -> int:
    """0 permit, 1 hold, 2 refuse; 2 for what is no ruling."""
    return _STRICTNESS.get(ruling, _REFUSE)


def combine(kernel: Decision, operators: Iterable[Decision]) -> Decision:
    """The strictest of all, the first of equals, with the obligations of all that ruled as strictly. The kernel's own
    ruling is always among them, so no operator widens it."""
    final = kernel
    obligations = dict.fromkeys(kernel.obligations)
    for decision in operators:
        here, best = strictness(decision.ruling), strictness(final.ruling)
        if here > best:
            final, obligations = decision, dict.fromkeys(decision.obligations)
        elif here == best:
            obligations.update(dict.fromkeys(decision.obligations))
    if tuple(obligations) == final.obligations:
        return final
    return Decision(final.ruling, final.rule, final.why, tuple(obligations))


def consult(policy: Policy, facts: Facts) -> Decision:
    """One operator's ruling; an exception or something that is no decision is a refusal."""
    try:
        decision = policy.decide(facts)
    except AnswerableError as error:
        return Decision(Ruling.REFUSE, FAILED, error.code)
    except Exception:  # noqa: BLE001  a policy that fails must not decide by failing
        return Decision(Ruling.REFUSE, FAILED, FAILED)
    return decision if isinstance(decision, Decision) else Decision(Ruling.REFUSE, FAILED, FAILED)


def decide(facts: Facts, policies: Iterable[Policy]) -> Decision:
    """The final ruling: the kernel's, tightened by each of `policies`."""
    ruling = kernel.decide(facts)
    if ruling.ruling is Ruling.REFUSE:
        return ruling  # nothing is stricter, so nobody else need be asked
    return combine(ruling, [consult(policy, facts) for policy in policies])


def digest(policies: Iterable[Policy]) -> str:
    """sha256 hex of the policy in force: the kernel's table and each operator's text, in order. What open leaves call
    `pol`."""
    parts = [kernel.DIGEST, *(policy.digest for policy in policies)]
    return sha256("\n".join(parts).encode()).hexdigest() if len(parts) > 1 else kernel.DIGEST
