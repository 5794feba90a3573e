# SPDX-License-Identifier: Apache-2.0
"""One frozen `Config` from flags, environment and TOML, in this order of strength; an unknown key is no start.

A setting `section.key` is `key` in the TOML table `[section]` and ``ANSWERABLE_SECTION_KEY`` in the environment; each
value knows where it came from (`answerable config show --origin`). Secrets come by file path alone.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from answerable.errors import Refused
from answerable.model.settings import ServerConfig
from answerable.model.terms import Act, Audience, DataClass, Locality, World
from answerable.model.tools import MeterKind

PREFIX: Final = "ANSWERABLE_"
MIB: Final = 1 << 20


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the tables."""


class StoreConfig(Section, frozen=True, kw_only=True):
    """Where state is kept. `guard`: folder of the anti-fork guard, to be on another disk than `path`; empty: beside
    it. `url`: a PostgreSQL database for log and state (docs/operate/postgresql.md); empty: files in `path`."""

    path: str = ""
    guard: str = ""
    payloads: bool = True  # keep what commitments hide; off: the salts alone
    payload_days: int = 30
    queue: int = 8192  # units that may wait for the disk; past it a call is refused
    url: str = ""  # postgresql://role@host/database, without a password
    password_file: str = ""  # of the database's role, mode 600; empty: none, or as libpq's passfile says
    schema: str = "answerable"  # of the database's tables
    unsafe_server: bool = False  # take a server that may forget what it acknowledged


class Certificates(StrEnum):
    """Whether clients of the gateway are asked, over TLS, to show that they hold their key. DEMAND: no warrant counts
    without that proof; a handle is not a warrant."""

    OFF = "off"
    ASK = "ask"
    DEMAND = "demand"


class GatewayConfig(Section, frozen=True, kw_only=True):
    """Where OpenAI's protocol is spoken. `hosts`: further values of the Host header that are answered.
    client_certificates: off, ask, or demand: then no warrant counts without the certificate of its key.
    client_ca_file: PEM of authorities whose client certificates are taken beside those that guards make.
    hosted_tools: types of tools that a model's server may call by itself, past the gate (`mcp`, `web_search` ...)."""

    host: str = "127.0.0.1"
    port: int = 8400
    tls_certificate: str = ""
    tls_key: str = ""
    client_certificates: Certificates = Certificates.ASK
    client_ca_file: str = ""
    hosts: tuple[str, ...] = ()
    max_body: int = 4 * MIB
    max_flights: int = 1024
    body_timeout_s: float = 15.0
    deadline_s: float = 600.0
    data_class: DataClass = DataClass.OPEN  # of a request that says nothing
    hosted_tools: tuple[str, ...] = ()
    unsafe_bind: bool = False  # allow a bind off loopback without TLS


class ControlConfig(Section, frozen=True, kw_only=True):
    """The administration's Unix socket, mode 600; empty: `control.sock` in the store."""

    socket: str = ""


class LabelsConfig(Section, frozen=True, kw_only=True):
    """operator: id of the party that runs this gateway, the label's ContentProducer. code: the four characters of our
    choice at the end of its provider code. c2pa: folder of the chain that signs C2PA manifests (`keys c2pa-chain`),
    empty for none; c2pa_tsa: URL of an RFC 3161 authority that stamps them, empty for none. watermark: whether pictures
    that are labelled carry the record's watermark in their pixels."""

    operator: str = ""
    code: str = "0000"
    c2pa: str = ""
    c2pa_tsa: str = ""
    watermark: bool = True


class MeterConfig(Section, frozen=True, kw_only=True):
    """source: auto (RAPL, NVML, else the coefficient), rapl, nvml or declared. millijoule_per_token: the coefficient,
    for models without one of their own. Prices are in millionths of `currency` a token."""

    source: str = "auto"
    millijoule_per_token: float = 400.0
    currency: str = ""
    price_in: float = 0.0
    price_out: float = 0.0


class TelemetryConfig(Section, frozen=True, kw_only=True):
    level: str = "info"
    format: str = "json"  # json | text
    otel: bool = False


class UpstreamConfig(Section, frozen=True, kw_only=True):
    """A model server. kind: `local` (the embedded model) or `openai` (any OpenAI-compatible URL). system: name or id of
    the registered system that it serves; model: what the upstream calls it."""

    kind: str = "openai"
    url: str = ""
    system: str = ""
    model: str = ""
    api_key_file: str = ""
    ca_file: str = ""
    locality: Locality = Locality.EXTERNAL
    connections: int = 256
    connect_timeout_s: float = 5.0
    read_timeout_s: float = 120.0
    threads: int = 2
    context: int = 4096
    embeddings: bool = False
    text_watermark: bool | None = None  # words bear a mark: local: yes unless false; openai: if true, by its own server


class DetectorsConfig(Section, frozen=True, kw_only=True):
    """Names of entry points in `answerable.detectors`, in order. An empty list refuses every action."""

    use: tuple[str, ...] = ("credentials", "volume")


class Budget(Section, frozen=True, kw_only=True):
    """What a system may take in `hours`. system: id, record id or name; unit: tokens, cost (millionths of a currency),
    calls, or a unit that guards tell (accounts, keys, money, compute)."""

    system: str
    unit: str
    most: Annotated[int, Meta(ge=0)]
    hours: Annotated[int, Meta(ge=1, le=8_760)] = 24


class LimitConfig(Section, frozen=True, kw_only=True):
    """Whom a budget or a rate is for: all that is named must fit; none: everybody together; ``*``: each by itself.
    party, system, copy: record id, public id or, of a system, its name; tool: ``server/tool``, ``server/*``."""

    party: str = ""
    system: str = ""
    copy: str = ""
    tool: str = ""


class BudgetConfig(LimitConfig, frozen=True, kw_only=True):
    """At most so much of a meter in any so many hours (docs/howto/budgets.md). meter: tokens, money (millionths of
    `currency`, ISO 4217), calls, energy (millijoule), images or speech (milliseconds)."""

    meter: MeterKind
    most: Annotated[int, Meta(ge=0, le=2**53 - 1)]
    hours: Annotated[int, Meta(ge=1, le=8_760)] = 24
    currency: Annotated[str, Meta(pattern=r"^([A-Z]{3})?\Z")] = ""


class RateConfig(LimitConfig, frozen=True, kw_only=True):
    """At most so many calls in any so many seconds."""

    calls: Annotated[int, Meta(ge=1, le=10**9)]
    seconds: Annotated[int, Meta(ge=1, le=86_400)] = 60


class RedlinesConfig(Section, frozen=True, kw_only=True):
    """What detectors of red lines may do here (`answerable redlines ls`). terminate: ids of exact lines that may
    terminate; suspend: of lines whose text detectors may suspend the caller's copy; record: of lines that record alone.
    hook: a command that is run, with the incident as JSON on its stdin, for each incident, each clock that is nearly
    over and each detector that fails."""

    terminate: tuple[str, ...] = ()
    suspend: tuple[str, ...] = ()
    record: tuple[str, ...] = ()
    trusted: tuple[str, ...] = ()  # copies whose word counts about others: id or record id
    sinks: tuple[str, ...] = ()  # places that weights may go to
    targets: tuple[str, ...] = ()  # hosts and networks (CIDR) that may be scanned
    protected: tuple[str, ...] = ()  # party ids of persons whose likeness needs their consent on file
    budgets: tuple[Budget, ...] = ()
    asked: Annotated[int, Meta(ge=1)] = 3  # requests beyond its scope within an hour that suspend a copy
    orders_an_hour: Annotated[int, Meta(ge=0)] = 20  # that detectors give, of all but exact ones
    test_days: Annotated[int, Meta(ge=1)] = 7  # a detector that was not tested for so long is a warning
    auto_test: bool = True  # plant the weekly tests without being asked
    hook: str = ""


class HoldsConfig(Section, frozen=True, kw_only=True):
    """Actions that wait for people. expires_minutes: how long they have; unanswered is refused. remind_minutes: then
    they are reminded, and again after twice, four times as long. hook: a command that is run, with what waits (never
    with what was asked) as JSON on its stdin, for each new hold and each reminder. planted: how many holds that ought
    to be rejected are mixed in, in a hundred; planted_folder: where they lie, one JSON file each: server, tool,
    arguments, why; planted_within_minutes: how long after the real one they are mixed in, at most. url: of a page of
    yours on which people decide, with `{hold}` in it, told to whoever waits; empty: the gateway's own `/holds/{hold}`,
    which tells how it stands."""

    expires_minutes: Annotated[int, Meta(ge=1, le=43_200)] = 1_440
    remind_minutes: Annotated[int, Meta(ge=1)] = 15
    most_waiting: Annotated[int, Meta(ge=1, le=10_000)] = 64  # of one system
    url: str = ""
    hook: str = ""
    planted: Annotated[int, Meta(ge=0, le=100)] = 0
    planted_folder: str = ""
    planted_within_minutes: Annotated[int, Meta(ge=0, le=1_440)] = 60


class IncidentsConfig(Section, frozen=True, kw_only=True):
    """Which reporting regimes bind here, beside those that follow from the parties' identifiers (`answerable incidents
    regimes`). jurisdictions: CN, EU, US-CA, US-NY, or a member state's code. traits: critical-infrastructure,
    central-organ, essential-entity, personal-data, high-risk, gpai-systemic, frontier-developer."""

    jurisdictions: tuple[str, ...] = ()
    traits: tuple[str, ...] = ()
    regimes: tuple[str, ...] = ()  # ids that bind whatever else is said
    except_regimes: tuple[str, ...] = ()  # ids that do not
    zone: str = ""  # of times in reports, where a regime names none; empty: UTC


class PulseConfig(Section, frozen=True, kw_only=True):
    """The second authority that this gateway needs to go on (docs/spec/pulse.md). keys: ``<kid>:<public key>`` as
    `answerable pulse init` prints it; none: no pulse is asked for. file: where pulses are carried by a file."""

    keys: tuple[str, ...] = ()
    required: bool = True  # where a key is pinned: without a fresh pulse nothing is admitted
    valid_for_ms: Annotated[int, Meta(ge=100, le=300_000)] = 15_000  # no pulse counts for longer, whatever it says
    file: str = ""


class PolicyConfig(Section, frozen=True, kw_only=True):
    """use: names of entry points in `answerable.policies`, in order; each may only tighten. folder: of the policies of
    the one that reads a folder, `cedar` (docs/reference/policy.md)."""

    use: tuple[str, ...] = ()
    folder: str = ""
    reload_s: Annotated[float, Meta(ge=0, le=3600)] = 2.0  # the folder is looked at so often; 0: when told to alone


class LogConfig(Section, frozen=True, kw_only=True):
    """The log's witnesses. policy: a C2SP tlog-policy file with their keys and the quorum that this log's readers
    demand; empty: nobody is asked. witnesses: name in that file -> address (submission prefix), where the file has
    none."""

    policy: str = ""
    witnesses: dict[str, str] = {}
    witness_ca_file: str = ""  # PEM of the authority behind their certificates, in place of the system's
    witness_every_s: float = 10.0  # asked so often while the log grows, and at once when a record waits
    witness_timeout_s: float = 5.0  # of each step of a request
    witness_wait_s: float = 10.0  # that a record waits for its quorum, then its act does not happen


class NodeConfig(Section, frozen=True, kw_only=True):
    """A gateway node's way to its control plane (docs/howto/run-a-gateway-elsewhere.md). control: URL of its holders'
    plane; relays: further ones that carry orders and pulses; ca_file: PEM of the authority behind their certificates,
    in place of the system's; clock: ntp, or same-host where it runs beside the control plane; onsite: on-site issuers
    that sign for its models while the control plane is away, name of the site -> address (unix:///…)."""

    control: str = ""
    relays: tuple[str, ...] = ()
    ca_file: str = ""
    clock: str = "ntp"
    onsite: dict[str, str] = {}
    hand_in_s: Annotated[float, Meta(gt=0, le=3600)] = 10.0  # its log's checkpoint goes to the control plane so often


class DrillConfig(Section, frozen=True, kw_only=True):
    """canary_every_s: how often the canary is stopped on every gateway; 0: never. answer_s: within which each says so;
    one that does not is an alarm."""

    canary_every_s: Annotated[float, Meta(ge=0)] = 600.0
    answer_s: Annotated[float, Meta(gt=0, le=600)] = 10.0


class RecoverConfig(Section, frozen=True, kw_only=True):
    """sources: folders or addresses where this log is published; ca_file: PEM of the authority behind their
    certificates. A control plane that was put back from the past asks them before it signs anything. listen_s: so long
    at most a start waits, before it signs a warrant, for every enrolled gateway to say which orders it knows."""

    sources: tuple[str, ...] = ()
    ca_file: str = ""
    listen_s: Annotated[float, Meta(ge=0, le=300)] = 5.0


class RetentionRule(Section, frozen=True, kw_only=True):
    """How long what is said is kept, where all that is named fits. days: 0 keeps nothing, neither words nor salts;
    tier: the lowest that it is for; party, system: id, record id or, of a system, its name."""

    days: Annotated[int, Meta(ge=0, le=36_500)]
    act: Act | None = None
    audience: Audience | None = None
    data_class: DataClass | None = None
    world: World | None = None
    party: str = ""
    system: str = ""
    tier: Annotated[int, Meta(ge=0, le=4)] = 0


class RetentionConfig(Section, frozen=True, kw_only=True):
    """rules: the first that fits says; where none does, `store.payload_days`."""

    rules: tuple[RetentionRule, ...] = ()


class RegistryConfig(Section, frozen=True, kw_only=True):
    """anchors: PEM files of the root certificates by which a party may prove its identifier; none trusts nobody.
    attesters: ids of the parties whose attestations of tools and systems count."""

    anchors: tuple[str, ...] = ()
    attesters: tuple[str, ...] = ()


class RelayConfig(Section, frozen=True, kw_only=True):
    """Where holders elsewhere are told of orders (docs/spec/relay.md). port: -1 for none, 0 for a free one. bus: how
    several nodes of one registry tell each other: memory:, postgresql://… or nats://…. upstreams: whom `answerable
    relay` follows."""

    host: str = "127.0.0.1"
    port: int = -1
    tls_certificate: str = ""
    tls_key: str = ""
    hosts: tuple[str, ...] = ()  # further values of the Host header that are answered
    unsafe_bind: bool = False  # allow a bind off loopback without TLS
    holders: int = 20_000  # that listen at once
    per_address: int = 1_024  # of one address
    heartbeat_s: float = 10.0  # a word is said so often at least
    bus: str = "memory:"
    bus_secret_file: str = ""  # password of the database's role, or NATS credentials
    bus_ca_file: str = ""  # PEM of the authority behind the NATS server's certificate
    upstreams: tuple[str, ...] = ()
    upstream_ca_file: str = ""
    pins: str = ""  # whose word `answerable relay` takes: a file of pinned keys


class Config(Section, frozen=True, kw_only=True):
    store: StoreConfig = StoreConfig()
    gateway: GatewayConfig = GatewayConfig()
    control: ControlConfig = ControlConfig()
    labels: LabelsConfig = LabelsConfig()
    meter: MeterConfig = MeterConfig()
    telemetry: TelemetryConfig = TelemetryConfig()
    detectors: DetectorsConfig = DetectorsConfig()
    redlines: RedlinesConfig = RedlinesConfig()
    incidents: IncidentsConfig = IncidentsConfig()
    holds: HoldsConfig = HoldsConfig()
    policy: PolicyConfig = PolicyConfig()
    pulse: PulseConfig = PulseConfig()
    registry: RegistryConfig = RegistryConfig()
    retention: RetentionConfig = RetentionConfig()
    log: LogConfig = LogConfig()
    relay: RelayConfig = RelayConfig()
    node: NodeConfig = NodeConfig()
    drill: DrillConfig = DrillConfig()
    recover: RecoverConfig = RecoverConfig()
    upstreams: dict[str, UpstreamConfig] = {}
    budgets: tuple[BudgetConfig, ...] = ()
    rates: tuple[RateConfig, ...] = ()
    servers: dict[str, ServerConfig] = {}

    @property
    def store_path(self) -> Path:
        return Path(self.store.path).expanduser()

    @property
    def guard_path(self) -> Path:
        return (
            Path(self.store.guard).expanduser()
            if self.store.guard
            else self.store_path.with_name(self.store_path.name + ".guard")
        )

    @property
    def socket_path(self) -> Path:
        return Path(self.control.socket).expanduser() if self.control.socket else self.store_path / "control.sock"


@dataclass(frozen=True, slots=True)
class Loaded:
    """The config, and for each dotted key that is not at its default the place that set it."""

    config: Config
    origins: Mapping[str, str]

    def origin(self, key: str) -> str:
        return self.origins.get(key, "default")


def default_store(environ: Mapping[str, str]) -> Path:
    """The user's data folder (XDG Base Directory Specification)."""
    base = environ.get("XDG_DATA_HOME") or str(Path(environ.get("HOME", "~")).expanduser() / ".local" / "share")
    return Path(base) / "answerable"


def load(
    file: Path | None = None, environ: Mapping[str, str] | None = None, flags: Mapping[str, Any] | None = None
) -> Loaded:
    """Read the settings. flags: dotted keys to values, None for a flag that was not given.

    Raises Refused ``config.missing`` (a file that was named is not there), ``config.syntax``, ``config.unknown``,
    ``config.value``.
    """
    env = os.environ if environ is None else environ
    tree: dict[str, Any] = {}
    origins: dict[str, str] = {}
    if file is not None:
        for key, value in _flatten(_read(file)):
            _set(tree, origins, key, value, f"file {file}")
    for name in sorted(env):
        if name.startswith(PREFIX) and (dotted := _from_env(name)) is not None:
            _set(tree, origins, dotted, env[name], f"environment {name}")
    for key, value in (flags or {}).items():
        if value is not None:
            _set(tree, origins, key, value, "flag")
    tree.setdefault("store", {}).setdefault("path", str(default_store(env)))
    try:
        return Loaded(msgspec.convert(tree, Config, strict=False), origins)
    except msgspec.ValidationError as error:
        code = "config.unknown" if "unknown field" in str(error) else "config.value"
        raise Refused(code, detail=str(error)) from None


def show(loaded: Loaded) -> list[tuple[str, Any, str]]:
    """(dotted key, value, origin) of every setting, in order."""
    return [(key, value, loaded.origin(key)) for key, value in _flatten(msgspec.to_builtins(loaded.config))]


def _read(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as handle:
            return tomllib.load(handle)
    except FileNotFoundError:
        raise Refused("config.missing", file=str(file)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refused("config.syntax", file=str(file), detail=str(error)) from None
    except OSError as error:
        raise Refused("config.missing", file=f"{file}: {error.strerror}") from None


def _from_env(name: str) -> str | None:
    """ANSWERABLE_GATEWAY_MAX_BODY -> gateway.max_body; upstreams (named tables) are set by file alone."""
    section, _, key = name[len(PREFIX) :].lower().partition("_")
    return f"{section}.{key}" if key and section != "demo" else None


def _flatten(tree: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    flat: list[tuple[str, Any]] = []
    for key, value in tree.items():
        if isinstance(value, Mapping) and value:
            flat.extend(_flatten(value, f"{prefix}{key}."))
        else:
            flat.append((prefix + key, value))
    return flat


def _set(tree: dict[str, Any], origins: dict[str, str], dotted: str, value: Any, origin: str) -> None:
    *path, last = dotted.split(".")
    node = tree
    for part in path:
        node = node.setdefault(part, {})
        if not isinstance(node, dict):
            raise Refused("config.value", detail=f"{dotted} is not a table")
    known = _list_fields(path, last)
    node[last] = [part for part in value.split(",") if part] if known and isinstance(value, str) else value
    origins[dotted] = origin


def _list_fields(path: list[str], last: str) -> bool:
    return (".".join(path), last) in {
        ("gateway", "hosts"),
        ("gateway", "hosted_tools"),
        ("detectors", "use"),
        ("policy", "use"),
        ("pulse", "keys"),
        *(("redlines", key) for key in ("terminate", "suspend", "record", "trusted", "sinks", "targets", "protected")),
        *(("incidents", key) for key in ("jurisdictions", "traits", "regimes", "except_regimes")),
        ("registry", "anchors"),
        ("relay", "hosts"),
        ("relay", "upstreams"),
        ("node", "relays"),
        ("recover", "sources"),
    }
