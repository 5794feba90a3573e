# SPDX-License-Identifier: Apache-2.0
"""The witnesses that a log asks, as the config names them: their policy, their addresses, and the asking."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from answerable.config import Config
from answerable.errors import Refused, VerificationError
from answerable.log import trust as trusts
from answerable.log.note import VerifierKey
from answerable.log.trust import NONE, Trust
from answerable.ports import Clock
from answerable.sequencer.quorum import Quorum
from answerable.sequencer.reader import Reader
from answerable.sequencer.sequencer import Sequencer
from answerable.witness.line import Line
from answerable.witness.rounds import Log, Rounds, shown

# What the witnesses saw last is asked before anything is written; a start does not wait longer for it, s.
START_S: Final = 3.0
# After so many rounds without a quorum something is wrong.
LATE_ROUNDS: Final = 6
_log = logging.getLogger("answerable.witness")


class Witnesses:
    """Between `of` and `close`. quorum: for the sequencer; shown: what the witnesses have last seen of this log, and
    what was kept of that here."""

    def __init__(self, config: Config, quorum: Quorum, lines: Mapping[str, Line], shown: list[bytes]) -> None:
        self.quorum = quorum
        self.shown = shown
        self._every = config.log.witness_every_s
        self._lines = lines
        self._rounds: Rounds | None = None
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def of(cls, config: Config, own: tuple[VerifierKey, ...], clock: Clock) -> Witnesses | None:
        """None where the config names no policy. own: the keys of this log. Raises Refused ``config.value``,
        ``upstream.address``, Unavailable ``store.unguarded``."""
        trust = policy(config, own)
        if trust is None:
            return None
        lines = addresses(config, trust)
        try:
            quorum = Quorum(config.guard_path, trust, clock, timeout_s=config.log.witness_wait_s)
            seen = await shown(lines, own[0].name, START_S)
        except BaseException:
            await _close(lines)
            raise
        return cls(config, quorum, lines, [*seen, *([quorum.kept] if quorum.kept else [])])

    def start(self, ledger: Sequencer, reader: Reader) -> None:
        """Ask them, from now on."""
        log = Log(self.quorum.trust.logs[0].name, ledger.published, reader.consistency, ledger.confront)
        self._rounds = Rounds(log, self.quorum, self._lines, every_s=self._every)
        self._task = asyncio.get_running_loop().create_task(self._rounds.run())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await _close(self._lines)

    def measure(self, gauge: Callable[[str, str, Callable[[], float]], object]) -> None:
        """Name what is measured. gauge: takes a name, a description and how it is read."""
        quorum = self.quorum
        gauge("answerable_log_cosigned_size", "Records that a quorum of witnesses cosigned.", lambda: quorum.size)
        gauge(
            "answerable_log_quorum_age_seconds",
            "Since a quorum of witnesses last cosigned; -1 if none did yet.",
            lambda: -1.0 if (age := quorum.age_s) is None else age,
        )
        gauge(
            "answerable_log_witnesses_failing",
            "Witnesses that did not cosign when they were last asked.",
            lambda: sum(1 for code in self.problems.values() if code),
        )

    @property
    def problem(self) -> str:
        """``log.unwitnessed`` where what is published waits for a quorum for too long; "" otherwise."""
        late = self._rounds.late_s if self._rounds is not None else 0.0
        return "log.unwitnessed" if late > LATE_ROUNDS * self._every else ""

    @property
    def problems(self) -> dict[str, str]:
        """Witness -> code of why it did not cosign the last time, "" if it did."""
        return self._rounds.problems if self._rounds is not None else {}


def policy(config: Config, own: tuple[VerifierKey, ...]) -> Trust | None:
    """What this log's readers are to demand: its own keys, and the witnesses and the quorum of the policy file. None
    where no witnesses are asked. Raises Refused ``config.value``."""
    if not config.log.policy:
        if config.log.witnesses:
            raise Refused("config.value", detail="log.witnesses: addresses without a policy file in log.policy")
        return None
    path = Path(config.log.policy).expanduser()
    try:
        read = trusts.parse(path.read_bytes(), logs=False)
    except OSError as error:
        raise Refused("config.value", detail=f"log.policy: {path}: {error.strerror}") from None
    except VerificationError as error:
        where = f"line {error.params['line']}: {error.params['detail']}"
        raise Refused("config.value", detail=f"log.policy: {path}: {where}") from None
    if read.quorum == NONE:
        raise Refused("config.value", detail=f"log.policy: {path}: its quorum is none")
    if len({key.public for key in own} & {witness.key.public for witness in read.witnesses}):
        raise Refused("config.value", detail=f"log.policy: {path}: this log cannot be its own witness")
    return Trust(own, read.witnesses, read.groups, read.quorum)


def addresses(config: Config, trust: Trust) -> dict[str, Line]:
    """Name of a witness -> the way to it: the address in the config, else that of the policy file. Raises Refused
    ``config.value`` if the addresses are not enough for a quorum, or one is of no witness, ``upstream.address``."""
    given = config.log.witnesses
    if strangers := sorted(given.keys() - {witness.name for witness in trust.witnesses}):
        raise Refused("config.value", detail=f"log.witnesses: {strangers[0]} is no witness of the policy file")
    urls = {each.name: given.get(each.name) or each.url for each in trust.witnesses}
    known = {name: url for name, url in urls.items() if url}
    if not trust.met(dict.fromkeys(known, 1)):
        raise Refused("config.value", detail="log.witnesses: addresses of a quorum are missing")
    tls = _tls(config)
    made: dict[str, Line] = {}
    for name, url in known.items():
        if url not in made:
            made[url] = Line(name, url, timeout_s=config.log.witness_timeout_s, tls=tls)
    return {name: made[url] for name, url in known.items()}


def _tls(config: Config) -> ssl.SSLContext | None:
    if not config.log.witness_ca_file:
        return None
    try:
        return ssl.create_default_context(cafile=str(Path(config.log.witness_ca_file).expanduser()))
    except OSError as error:
        raise Refused("config.value", detail=f"log.witness_ca_file: {error.strerror}") from None


async def _close(lines: Mapping[str, Line]) -> None:
    for line in dict.fromkeys(lines.values()):
        await line.close()
