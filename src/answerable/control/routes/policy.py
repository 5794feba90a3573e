# SPDX-License-Identifier: Apache-2.0
"""What the rules are, which of them decide an action, and the operators' policies: how they stand, taken anew."""

from __future__ import annotations

from answerable.control.answers import Answer
from answerable.control.policing import Policing, PolicyState
from answerable.control.routing import Call, Route
from answerable.control.sampling import Sampled, described
from answerable.control.services import Services
from answerable.errors import Refused
from answerable.log.leaf import decode, rid
from answerable.model.leaves import OpenLeaf
from answerable.model.terms import AdminRole
from answerable.policy import worlds
from answerable.policy.described import Described, case
from answerable.policy.explain import Explanation
from answerable.policy.explain import domain as domain_row
from answerable.policy.explain import explain as explanation
from answerable.policy.explain import table as rules
from answerable.policy.why import Reason, Why, reason_of, why

LANGUAGE = {"lang": "en or zh"}
TAIL = 200


class Reloaded(Answer, frozen=True, kw_only=True):
    """changed: whether another policy is in force than before."""

    changed: bool
    state: PolicyState


async def table(services: Services, call: Call[None]) -> list[Explanation]:
    return list(rules(call.query.get("lang", "en")))


async def explain(services: Services, call: Call[None]) -> Explanation:
    return explanation(call.path["rule"], call.query.get("lang", "en"))


async def domains(services: Services, call: Call[None]) -> list[Explanation]:
    return [domain_row(name, call.query.get("lang", "en")) for name in worlds.domains()]


async def reason(services: Services, call: Call[None]) -> Reason:
    policies = services.policing.policies if services.policing is not None else ()
    return reason_of(call.path["rule"], policies, call.query.get("lang", "en"))


async def explain_action(services: Services, call: Call[Described]) -> Why:
    policies = services.policing.policies if services.policing is not None else ()
    return why(case(call.body), policies, call.query.get("lang", "en"))


async def sample(services: Services, call: Call[None]) -> list[Sampled]:
    size = await services.reader.size()
    found: list[Sampled] = []
    for data in await services.reader.tail(max(0, size - call.number("last", TAIL)), size):
        leaf = decode(data)
        if isinstance(leaf, OpenLeaf) and (told := described(services.book, leaf)) is not None:
            found.append(Sampled(rid=rid(data), at=leaf.t, ruling=leaf.dec, rule=leaf.rule, described=told))
    return found


async def state(services: Services, call: Call[None]) -> PolicyState:
    return _policing(services).state()


async def reload(services: Services, call: Call[None]) -> Reloaded:
    policing = _policing(services)
    return Reloaded(changed=await policing.reload(), state=policing.state())


def _policing(services: Services) -> Policing:
    if services.policing is None:
        raise Refused("policy.unloaded")
    return services.policing


ROUTES = (
    Route("GET", "/policy", AdminRole.VIEWER, table, list[Explanation], "Every rule, in order.", query=LANGUAGE),
    Route("GET", "/policy/domains", AdminRole.VIEWER, domains, list[Explanation], "Every domain of tools and what it "
          "asks.", query=LANGUAGE),
    Route("GET", "/policy/sample", AdminRole.VIEWER, sample, list[Sampled], "Recorded actions, as descriptions that "
          "another policy can be asked about.", query={"last": f"among so many newest records, {TAIL} if not told"}),
    Route("GET", "/policy/state", AdminRole.VIEWER, state, PolicyState, "The operators' policies in force."),
    Route("POST", "/policy/reload", AdminRole.OPERATOR, reload, Reloaded, "Take the policy folder as it is now."),
    Route("POST", "/policy/explain", AdminRole.VIEWER, explain_action, Why, "What is decided about an action, and why.",
          Described, query=LANGUAGE),
    Route("GET", "/policy/reasons/{rule}", AdminRole.VIEWER, reason, Reason, "Where the rule of a decision stands, an "
          "operator's too.", query=LANGUAGE),
    Route("GET", "/policy/{rule}", AdminRole.VIEWER, explain, Explanation, "One rule.", query=LANGUAGE),
)  # fmt: skip
