# SPDX-License-Identifier: Apache-2.0
"""The closed vocabularies. Each is a `StrEnum`: its value is what stands in leaves, warrants and on the wire."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class PartyKind(StrEnum):
    ORG = "org"
    PERSON = "person"


class Role(StrEnum):
    """Roles of a party towards a system (EU AI Act Art. 3, with those that insurance and registration add)."""

    PROVIDER = "provider"
    DEPLOYER = "deployer"
    IMPORTER = "importer"
    DISTRIBUTOR = "distributor"
    OPERATOR = "operator"
    INSURER = "insurer"
    REGISTRAR = "registrar"
    AUTHORITY = "authority"


class Standing(StrEnum):
    """How well a party's identifier is established, weakest first."""

    DECLARED = "declared"
    VOUCHED = "vouched"
    PROVEN = "proven"


class SystemKind(StrEnum):
    MODEL = "model"
    AGENT = "agent"
    ROBOT = "robot"
    APPLICATION = "application"
    DIGITAL_HUMAN = "digital_human"


class Relation(StrEnum):
    """Lineage edges, in the words of Hugging Face's `base_model_relation` plus distilled, copy, made and uses."""

    FINETUNE = "finetune"
    ADAPTER = "adapter"
    MERGE = "merge"
    QUANTIZED = "quantized"
    DISTILLED = "distilled"
    COPY = "copy"
    MADE = "made"  # what a system registered through the gate, by whatever means it made it
    USES = "uses"

    @property
    def weights(self) -> bool:
        """Whether stop orders and inherited tiers run along this edge."""
        return self is not Relation.USES


class Audience(StrEnum):
    """Who sees what a system makes."""

    PUBLIC = "public"
    INTERNAL = "internal"
    MACHINE = "machine"


class World(StrEnum):
    INFORMATION = "information"
    PHYSICAL = "physical"
    BIOLOGICAL = "biological"


class Criticality(StrEnum):
    CREATIVE = "creative"
    ORDINARY = "ordinary"
    SENSITIVE = "sensitive"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 (creative) to 3 (critical)."""
        return _CRITICALITY_RANK[self]


_CRITICALITY_RANK = {c: i for i, c in enumerate(Criticality)}


class Ruling(StrEnum):
    PERMIT = "permit"
    HOLD = "hold"
    REFUSE = "refuse"


class DataClass(StrEnum):
    """How confidential a request's content is, as its sender says or the system's registration demands."""

    OPEN = "open"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"


class Locality(StrEnum):
    """Where an upstream runs, as the operator configured it."""

    LOCAL = "local"
    PRIVATE = "private"
    EXTERNAL = "external"


class Act(StrEnum):
    GENERATION = "generation"
    EMBEDDING = "embedding"
    TOOL_CALL = "tool_call"


class Effect(StrEnum):
    """What a tool call leaves behind. NONE: no tool is called."""

    NONE = "none"
    READ = "read"
    WRITE = "write"
    IRREVERSIBLE = "irreversible"


# The act of a record under which content of another producer was passed on. Decided by the rules of a generation: what
# may not be generated may not be passed on either.
PROPAGATION: Final = "propagation"


class Outcome(StrEnum):
    """How an action ended: the `st` of a close leaf."""

    DONE = "done"
    ERROR = "error"
    REFUSED = "refused"
    STOPPED = "stopped"
    UNKNOWN = "unknown"


class OrderKind(StrEnum):
    SUSPEND = "suspend"
    TERMINATE = "terminate"


class Scope(StrEnum):
    """What a stop order reaches. `lineage` is a system with all its copies and weights descendants."""

    COPY = "copy"
    SYSTEM = "system"
    LINEAGE = "lineage"
    WORLD = "world"
    PARTY = "party"
    ALL = "all"


class AdminRole(StrEnum):
    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    OFFICER = "officer"
    ADMINISTRATOR = "administrator"


class Measure(StrEnum):
    MEASURED = "measured"
    ESTIMATED = "estimated"
    DECLARED = "declared"


class Moment(StrEnum):
    """When a duty takes effect."""

    BUILD = "build"
    SALE = "sale"
    USE = "use"


class HoldScope(StrEnum):
    """What a legal hold keeps: the payloads of one record, or of every record in which a party or a system takes
    part."""

    RECORD = "record"
    PARTY = "party"
    SYSTEM = "system"


class Basis(StrEnum):
    """Why payloads are erased: the `bas` of an erase leaf."""

    GDPR_17 = "gdpr-17"  # Regulation (EU) 2016/679, Art. 17: right to erasure
    PIPL_47 = "pipl-47"  # 个人信息保护法第四十七条
    CONSENT = "consent-withdrawn"
    STORAGE = "storage-limit"  # kept no longer than needed
    UNLAWFUL = "unlawful"  # it should not have been collected
    ORDER = "order"  # of a court or an authority
    OTHER = "other"


class Purpose(StrEnum):
    """What payloads may be read for: the `purp` of a grant."""

    ACCESS = "access_request"
    COMPLAINT = "complaint"
    INCIDENT = "incident"
    AUDIT = "audit"
    LEGAL_CLAIM = "legal_claim"
    AUTHORITY = "authority"
    SUPPORT = "support"
