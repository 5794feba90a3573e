# SPDX-License-Identifier: Apache-2.0
"""Rounds of a monitor over static files: every planted fault of tiles and checkpoints is found, and a second look costs
next to nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from answerable.crypto.ed25519 import Key
from answerable.errors import Unavailable, VerificationError
from answerable.log import checkpoint
from answerable.log.leaf import encode
from answerable.model.leaves import RefusalsLeaf
from answerable.net.source import Folder
from answerable.tiles.live import Live
from answerable.tiles.monitor import Monitor, Round
from answerable.tiles.state import State
from answerable.verify.audit.auditor import Limits
from tests.small_log import ORIGIN, T0, key, nonce
from tests.tiled import Grown, files
from tests.watched import NOW, honest

SIGNER = key("log")


def noise(count: int, what: str = "noise") -> list[bytes]:
    return [encode(RefusalsLeaf(n=nonce(f"{what} {at}"), num={}, t=T0 + 700, t0=T0)) for at in range(count)]


def log_of(*leaves: bytes) -> Grown:
    return Grown([*honest().leaves, *leaves], origin=ORIGIN, signer=SIGNER)


def watching(folder: Path, log: Grown, **options: object) -> Monitor:
    options.setdefault("state", State(None))
    return Monitor(Folder(folder), log.trust, now=lambda: NOW, **options)  # type: ignore[arg-type]


def codes(found: Round) -> list[str]:
    return [finding.code for finding in found.findings]


def test_an_honest_log_grows(tmp_path: Path) -> None:
    log = log_of(*noise(600))
    log.write(tmp_path)
    monitor = watching(tmp_path, log)
    first = monitor.round()
    assert (first.origin, first.before, first.size, first.findings) == (ORIGIN, 0, len(log.log), ())
    log.grow(noise(70_000 - len(log.log), "more"))
    log.write(tmp_path)
    second = monitor.round()
    assert (second.before, second.size, second.head, second.findings) == (first.size, 70_000, 70_000, ())


def test_a_second_look_reads_the_checkpoint_alone(tmp_path: Path) -> None:
    log = log_of(*noise(600))
    asked: list[str] = []

    class Counting(Live):
        def get(self, path: str, limit: int) -> bytes | None:
            asked.append(path)
            return super().get(path, limit)

    state = State(tmp_path / "state")
    source = Counting(log, log.published)
    assert Monitor(source, log.trust, state, lambda: NOW).round().findings == ()
    state.close()
    asked.clear()
    again = Monitor(source, log.trust, State(tmp_path / "state"), lambda: NOW)
    assert again.round().findings == ()
    assert asked == ["checkpoint"]
    asked.clear()
    log.grow(noise(3, "more"))
    assert again.round().findings == ()
    assert len(asked) <= 6


def _flip(path: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        data = bytearray((folder / path).read_bytes())
        data[5] ^= 1
        (folder / path).write_bytes(bytes(data))

    return spoil


def _lose(path: str) -> Callable[[Path], None]:
    return lambda folder: (folder / path).unlink()


def _unsigned(folder: Path) -> None:
    note = (folder / "checkpoint").read_bytes()
    head = checkpoint.parse(note)[0]
    (folder / "checkpoint").write_bytes(checkpoint.sign(ORIGIN, head.size, head.root, Key.generate()))


def _garbage(folder: Path) -> None:
    (folder / "checkpoint").write_bytes(b"no checkpoint\n")


def _extra_line(folder: Path) -> None:
    note = (folder / "checkpoint").read_bytes()
    (folder / "checkpoint").write_bytes(note.replace(b"\n\n", b"\nextra\n\n", 1))


@pytest.mark.parametrize(
    ("spoil", "code", "path"),
    [
        (_flip("tile/0/001"), "monitor.tree", "tile/0/001"),
        (_flip("tile/1/000.p/2"), "monitor.tree", "its right edge"),
        (_flip("tile/entries/001"), "monitor.tree", "tile/entries/001"),
        (_lose("tile/0/001"), "monitor.missing", "tile/0/001"),
        (_lose("tile/1/000.p/2"), "monitor.missing", "tile/1/000.p/2"),
        (_lose("tile/entries/001"), "monitor.missing", "tile/entries/001"),
        (_lose("checkpoint"), "monitor.missing", "checkpoint"),
        (_unsigned, "monitor.checkpoint", None),
        (_garbage, "monitor.checkpoint", None),
        (_extra_line, "monitor.checkpoint", None),
    ],
)
def test_what_the_source_has_wrong(tmp_path: Path, spoil: Callable[[Path], None], code: str, path: str | None) -> None:
    log = log_of(*noise(600))
    log.write(tmp_path)
    good = files(tmp_path)
    spoil(tmp_path)
    monitor = watching(tmp_path, log)
    found = monitor.round()
    assert codes(found) == [code]
    if path is not None:
        assert found.findings[0].params["path"] == path
    assert found.size < len(log.log)
    assert codes(monitor.round()) == []  # told once, as long as it stays the same
    for name, data in good.items():
        (tmp_path / name).write_bytes(data)
    mended = monitor.round()
    assert (codes(mended), mended.size) == ([], len(log.log))


def test_what_stands_before_a_missing_bundle_is_judged_once(tmp_path: Path) -> None:
    import answerable.tiles.monitor as module

    log = log_of(log_of().log[3], *noise(70_000))
    log.write(tmp_path)
    missing = tmp_path / f"tile/entries/{module.STEP + 3:03}"
    kept = missing.read_bytes()
    missing.unlink()
    monitor = watching(tmp_path, log)
    first = monitor.round()
    assert "monitor.missing" in codes(first)
    assert codes(first).count("monitor.duplicate") == 2
    assert first.size == module.STEP * 256
    missing.write_bytes(kept)
    assert codes(monitor.round()) == []


@pytest.mark.parametrize(("ours", "theirs"), [(400, 400), (400, 700), (700, 400)])
def test_two_histories(tmp_path: Path, ours: int, theirs: int) -> None:
    log, other = log_of(*noise(ours)), log_of(*noise(theirs, "lie"))
    log.write(tmp_path / "log")
    monitor = watching(tmp_path / "log", log, keep=tmp_path / "kept")
    assert codes(monitor.round()) == []
    other.write(tmp_path / "log")
    found = monitor.round()
    assert codes(found) == ["monitor.forked"]
    assert {found.findings[0].params["first"], found.findings[0].params["second"]} == {
        log.note.decode(), other.note.decode(),
    }  # fmt: skip
    assert set(files(tmp_path / "kept").values()) == {log.note, other.note}
    assert found.size == len(log.log)


def test_a_log_that_was_rolled_back(tmp_path: Path) -> None:
    log, older = log_of(*noise(700)), log_of(*noise(400))
    log.write(tmp_path)
    monitor = watching(tmp_path, log)
    monitor.round()
    older.write(tmp_path)
    found = monitor.round()
    assert codes(found) == ["monitor.behind"]
    assert codes(monitor.round()) == []
    log.write(tmp_path)
    assert codes(monitor.round()) == []


def test_a_store_that_was_rolled_back_has_the_later_tiles_no_longer() -> None:
    log, older = log_of(*noise(700)), log_of(*noise(400))
    shown = log

    class Showing(Live):
        def get(self, path: str, limit: int) -> bytes | None:
            return Live(shown, shown.published).get(path, limit)

    monitor = Monitor(Showing(log, log.published), log.trust, State(None), lambda: NOW)
    assert codes(monitor.round()) == []
    shown = older
    assert codes(monitor.round()) == ["monitor.behind"]


def test_leaves_are_judged(tmp_path: Path) -> None:
    log = honest()
    log.act(wld="physical")
    log.leaves.append(b"no leaf")
    grown = Grown(log.leaves, origin=ORIGIN, signer=SIGNER)
    grown.write(tmp_path)
    state = State(tmp_path / "state")
    found = watching(tmp_path, grown, state=state).round()
    assert codes(found) == ["monitor.unwarranted", "monitor.leaf"]
    assert [each["code"] for each in state.findings()] == codes(found)
    assert state.stand.found == 2


def test_an_action_that_does_not_end(tmp_path: Path) -> None:
    log = honest()
    log.open(t=T0 + 300)
    grown = Grown(log.leaves, origin=ORIGIN, signer=SIGNER)
    grown.write(tmp_path)
    now = NOW
    monitor = Monitor(Folder(tmp_path), grown.trust, State(None), lambda: now, limits=Limits(deadline_ms=100_000))
    assert codes(monitor.round()) == []
    now += 100_000
    assert codes(monitor.round()) == ["monitor.unclosed"]  # nothing new came: that is the point
    now += 100_000
    assert codes(monitor.round()) == []


def test_a_state_is_of_one_log(tmp_path: Path) -> None:
    log = log_of(*noise(5))
    log.write(tmp_path / "one")
    state = State(None)
    watching(tmp_path / "one", log, state=state).round()
    other = Grown(noise(5), origin="other.invalid/log", signer=SIGNER)
    other.write(tmp_path / "two")
    with pytest.raises(VerificationError) as caught:
        watching(tmp_path / "two", other, state=state).round()
    assert caught.value.code == "source.other"


def test_who_cannot_be_reached_was_not_checked(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        watching(tmp_path / "nowhere", log_of()).round()
    assert caught.value.code == "source.unreachable"


class Failing(Folder):
    """Has no answer for `lost`."""

    lost: str = "tile/entries/001"

    def get(self, path: str, limit: int) -> bytes | None:
        if path == self.lost:
            raise Unavailable("source.unreachable", source=self.name, detail="HTTP status 500")
        return super().get(path, limit)


def test_a_source_that_goes_away_takes_no_finding_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a log could have it forgotten: bad leaves, and then an answer that never comes."""
    monkeypatch.setattr("answerable.tiles.monitor.STEP", 1)
    log = log_of(b"no leaf", *noise(600))
    log.write(tmp_path / "log")
    state = State(tmp_path / "state")
    monitor = Monitor(Failing(tmp_path / "log"), log.trust, state, lambda: NOW)
    first = monitor.round()
    assert (codes(first), first.size) == (["monitor.leaf"], 256)
    with pytest.raises(Unavailable):
        monitor.round()
    state.close()
    again = State(tmp_path / "state")
    assert [each["code"] for each in again.findings()] == ["monitor.leaf"]
    assert again.stand.found == 1


def test_what_a_step_found_outlives_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Crash(Exception):
        pass

    class Crashing(Failing):
        def get(self, path: str, limit: int) -> bytes | None:
            try:
                return super().get(path, limit)
            except Unavailable:
                raise Crash from None

    monkeypatch.setattr("answerable.tiles.monitor.STEP", 1)
    log = log_of(b"no leaf", *noise(600))
    log.write(tmp_path / "log")
    state = State(tmp_path / "state")
    with pytest.raises(Crash):
        Monitor(Crashing(tmp_path / "log"), log.trust, state, lambda: NOW).round()
    state.close()
    again = State(tmp_path / "state")
    assert codes(Monitor(Folder(tmp_path / "log"), log.trust, again, lambda: NOW).round()) == []
    assert [each["code"] for each in again.findings()] == ["monitor.leaf"]


def test_a_fork_is_told_where_no_evidence_can_be_kept(tmp_path: Path) -> None:
    log, other = log_of(*noise(5)), log_of(*noise(5, "lie"))
    log.write(tmp_path / "log")
    (tmp_path / "file").write_bytes(b"")
    monitor = watching(tmp_path / "log", log, keep=tmp_path / "file")
    monitor.round()
    other.write(tmp_path / "log")
    found = monitor.round()
    assert codes(found) == ["monitor.forked"]
    assert (found.findings[0].params["evidence"], found.findings[0].params["second"]) == ("", other.note.decode())
