# SPDX-License-Identifier: Apache-2.0
"""The schema of what policies see, in Cedar's own syntax. Closed vocabularies are enumerated entity types, so that a
word that does not exist is a fault of the folder and not a rule that never matches.

Operators may add types of their own beside it; what stands here they cannot change.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

from answerable.model.terms import (
    Audience,
    Criticality,
    DataClass,
    Effect,
    Locality,
    Standing,
    SystemKind,
    World,
)
from answerable.policy import worlds

# Cedar's name of each vocabulary -> its words.
VOCABULARIES: Final[dict[str, tuple[str, ...]]] = {
    "World": tuple(World),
    "Criticality": tuple(Criticality),
    "Effect": tuple(Effect),
    "Audience": tuple(Audience),
    "Standing": tuple(Standing),
    "DataClass": tuple(DataClass),
    "Locality": tuple(Locality),
    "Kind": tuple(SystemKind),
    # An answer has none: "".
    "Domain": ("", *worlds.domains()),
}
# Entities that the gateway itself makes for each request. A folder says of them to which groups they belong.
OURS: Final = frozenset({"Party", "System", "Copy", "Server", "Tool", "Facts"})
GROUP: Final = "Group"

# Attributes that lead to an entity, and of which type it is: each name means one thing, wherever it stands.
ATTRIBUTES: Final = {
    "world": "World",
    "criticality": "Criticality",
    "effect": "Effect",
    "audience": "Audience",
    "standing": "Standing",
    "dataClass": "DataClass",
    "locality": "Locality",
    "kind": "Kind",
    "domain": "Domain",
    "party": "Party",
    "system": "System",
    "server": "Server",
    "facts": "Facts",
}

_TYPES: Final = """\
// Operators' own groups, of anything below and of each other.
entity Group in [Group];

// Who answers. The id is the party's: LEIXG-…, NTRCN-….
entity Party in [Group] = { "standing": Standing };

// A model, agent, robot, application or digital human. The id is its SPIFFE id.
entity System in [Group] = {
  "name": String,
  "version": String,
  "kind": Kind,
  "tier": Long,
  "party": Party,
  "capabilities": Set<String>,
};

// Who asks: one running instance. The id is its SPIFFE id. tools: what its warrant lets it call.
entity Copy in [System, Group] = { "system": System, "party": Party, "tier": Long, "tools": Set<String> };

// A tool server and its tools. The ids are the server's name in the configuration, and <server>/<tool>.
entity Server in [Group] = { "system": System, "locality": Locality };
entity Tool in [Server, Group] = {
  "server": Server,
  "name": String,
  "world": World,
  "criticality": Criticality,
  "domain": Domain,
  "effect": Effect,
};

// The facts that the kernel decided about, and what is known of the request. weight: of the criticality, 0 (creative)
// to 3 (critical). named: whether an end user is named.
entity Facts = {
  "tier": Long,
  "world": World,
  "criticality": Criticality,
  "weight": Long,
  "audience": Audience,
  "standing": Standing,
  "dataClass": DataClass,
  "locality": Locality,
  "effect": Effect,
  "domain": Domain,
  "envelope": Bool,
  "guarded": Bool,
  "language": String,
  "stream": Bool,
  "named": Bool,
};

// arguments: SHA-256 of a call's exact arguments, hex.
type Asked = { "facts": Facts, "arguments": String };

action "generate", "embed" appliesTo { principal: [Copy], resource: [System], context: Asked };
action "call" appliesTo { principal: [Copy], resource: [Tool], context: Asked };
"""


@cache
def text() -> str:
    """What stands behind every folder's policies; `answerable policy schema` prints it."""
    words = "".join(f"entity {name} enum [{_quoted(known)}];\n" for name, known in VOCABULARIES.items())
    return f"// The vocabularies.\n{words}\n{_TYPES}"


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)
