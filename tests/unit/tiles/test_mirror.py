# SPDX-License-Identifier: Apache-2.0
"""Mirror and publication: incremental, checkpoint last, resumable, and never two histories in one folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from answerable.errors import AnswerableError, Unavailable, VerificationError
from answerable.log import checkpoint, tiles
from answerable.net.source import Folder
from answerable.tiles.live import Live
from answerable.tiles.mirror import Mirror
from tests.small_log import key
from tests.tiled import ORIGIN, SIGNER, TRUST, Grown, entries, files


def mirror(log: Grown, folder: Path, **options: bool) -> Mirror:
    return Mirror(Live(log, log.published), folder, TRUST, **options)


@pytest.mark.parametrize("size", [1, 255, 256, 257, 600, 66_000])
def test_a_copy_is_the_static_layout(tmp_path: Path, size: int) -> None:
    log = Grown(entries(size))
    log.write(tmp_path / "static")
    assert mirror(log, tmp_path / "copy").update().size == size
    assert files(tmp_path / "copy") == files(tmp_path / "static")


def test_growth_adds_and_never_changes(tmp_path: Path) -> None:
    log = Grown()
    copier = mirror(log, tmp_path, keep_partial=True)
    before: dict[str, bytes] = {}
    for step in (1, 100, 154, 1, 1, 255, 600, 0, 7):
        log.grow(entries(step, len(log.log)))
        brought = copier.update()
        assert (brought.size, brought.before) == (len(log.log), len(log.log) - step)
        now = files(tmp_path)
        assert now["checkpoint"] == log.note
        assert {path: data for path, data in now.items() if path in before and path != "checkpoint"} == {
            path: data for path, data in before.items() if path != "checkpoint"
        }
        before = now
    assert "tile/0/000.p/101" in before


def test_partial_tiles_go_when_the_full_one_is_there(tmp_path: Path) -> None:
    log = Grown(entries(100))
    copier = mirror(log, tmp_path)
    copier.update()
    log.grow(entries(100, 100))
    copier.update()
    assert {"tile/0/000.p/100", "tile/0/000.p/200", "tile/entries/000.p/100"} <= files(tmp_path).keys()
    log.grow(entries(100, 200))
    copier.update()
    left = files(tmp_path).keys()
    assert not any(path.startswith(("tile/0/000.p", "tile/entries/000.p")) for path in left)
    assert {"tile/0/000", "tile/0/001.p/44", "tile/entries/001.p/44", "tile/1/000.p/1"} <= left


@pytest.mark.parametrize("after", [60, 200, 547])
def test_an_interrupted_copy_goes_on(tmp_path: Path, after: int) -> None:
    log = Grown(entries(70_000))
    source = Live(log, log.published)
    asked: list[str] = []
    left = after

    class Breaking:
        name = "breaking"

        def get(self, path: str, limit: int) -> bytes | None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Unavailable("source.unreachable", source="breaking", detail="broken")
            asked.append(path)
            return source.get(path, limit)

        def close(self) -> None:
            pass

    copier = Mirror(Breaking(), tmp_path, TRUST)
    with pytest.raises(Unavailable):
        copier.update()
    kept = files(tmp_path)
    assert kept
    assert "checkpoint" not in kept
    asked.clear()
    # One file that was half written under its own name by something else is written again.
    (tmp_path / "tile/entries/003").write_bytes(b"torn")
    copier.update()
    assert not {path for path in asked if path in kept and "entries" in path} - {"tile/entries/003"}
    log.write(tmp_path / "static")
    assert files(tmp_path / "static").items() <= files(tmp_path).items()


def test_files_come_before_the_checkpoint_that_names_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Grown(entries(300))
    copier = mirror(log, tmp_path)
    copier.update()
    log.grow(entries(300, 300))
    real = Path.replace

    def failing(path: Path, target: Path) -> Path:
        if target.name == "checkpoint":
            raise OSError(28, "No space left on device")
        return real(path, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(AnswerableError) as caught:
        copier.update()
    assert caught.value.code == "source.written"
    monkeypatch.undo()
    now = files(tmp_path)
    assert TRUST.check(now["checkpoint"]).size == 300
    assert all(tile.path in now for tile in tiles.of_tree(600))
    assert copier.update().files == 0  # all is there: the checkpoint alone was missing
    assert TRUST.check(files(tmp_path)["checkpoint"]).size == 600


def fork(size: int) -> Grown:
    """Another history of the same log, signed by its own key."""
    return Grown([*entries(50), *entries(size - 50, 50, "lie")])


@pytest.mark.parametrize(("ours", "theirs"), [(300, 300), (300, 600), (600, 300), (51, 70_000)])
def test_two_histories_are_refused_and_kept_as_evidence(tmp_path: Path, ours: int, theirs: int) -> None:
    honest, other = Grown(entries(ours)), fork(theirs)
    mirror(honest, tmp_path).update()
    before = files(tmp_path)
    with pytest.raises(AnswerableError) as caught:
        mirror(other, tmp_path).update()
    assert caught.value.code == "source.forked"
    after = files(tmp_path)
    kept = {data for path, data in after.items() if path.startswith("evidence/")}
    assert kept == {honest.note, other.note}
    assert {path: data for path, data in after.items() if not path.startswith("evidence/")} == before


def test_whoever_signs_many_histories_fills_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("answerable.tiles.mirror.MAX_EVIDENCE", 2)
    mirror(Grown(entries(60)), tmp_path).update()
    for size in (61, 62, 63, 64):
        with pytest.raises(VerificationError, match="evidence"):
            mirror(fork(size), tmp_path).update()
    assert len(list((tmp_path / "evidence").iterdir())) == 2


def test_a_file_that_grew_too_long_is_mended(tmp_path: Path) -> None:
    log = Grown(entries(300))
    mirror(log, tmp_path).update()
    (tmp_path / "checkpoint").unlink()
    spoilt = tmp_path / "tile/entries/000"
    good = spoilt.read_bytes()
    spoilt.write_bytes(good + b"x" * 20_000_000)
    mirror(log, tmp_path).update()
    assert spoilt.read_bytes() == good


def test_an_older_checkpoint_of_the_same_tree_changes_nothing(tmp_path: Path) -> None:
    log = Grown(entries(600))
    mirror(log, tmp_path).update()
    before = files(tmp_path)
    updated = mirror(Grown(entries(300)), tmp_path).update()
    assert (updated.size, updated.files) == (600, 0)
    assert files(tmp_path) == before


def test_other_cosignatures_over_the_same_tree_are_taken(tmp_path: Path) -> None:
    log = Grown(entries(300))
    copier = mirror(log, tmp_path)
    copier.update()
    other = checkpoint.sign(ORIGIN, 300, log.frontier.root(), SIGNER) + b"\xe2\x80\x94 w.invalid AAAAAAAA\n"
    log.note = other
    copier.update()
    assert files(tmp_path)["checkpoint"] == other


def _unsigned(log: Grown) -> None:
    log.note = checkpoint.sign(ORIGIN, len(log.log), log.frontier.root(), key("another"))


def _other_log(log: Grown) -> None:
    log.note = checkpoint.sign("other.invalid/log", len(log.log), log.frontier.root(), SIGNER)


def _wrong_root(log: Grown) -> None:
    log.note = checkpoint.sign(ORIGIN, len(log.log), bytes(32), SIGNER)


def _no_checkpoint(log: Grown) -> None:
    log.note = b""


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (_unsigned, "log.untrusted"),
        (_other_log, "log.untrusted"),
        (_wrong_root, "source.wrong"),
        (_no_checkpoint, "source.missing"),
    ],
)
def test_nothing_is_written_under_a_head_that_is_not_believed(
    tmp_path: Path, spoil: Callable[[Grown], None], code: str
) -> None:
    log = Grown(entries(300))
    spoil(log)
    with pytest.raises(AnswerableError) as caught:
        mirror(log, tmp_path / "copy").update()
    assert caught.value.code == code
    assert not (tmp_path / "copy").exists() or files(tmp_path / "copy") == {}


def test_a_folder_is_of_one_log(tmp_path: Path) -> None:
    from answerable.log.trust import Trust

    log, other = Grown(entries(3)), Grown(entries(5), origin="other.invalid/log")
    both = Trust((*log.trust.logs, *other.trust.logs))
    Mirror(Live(log, log.published), tmp_path, both).update()
    with pytest.raises(AnswerableError) as caught:
        Mirror(Live(other, other.published), tmp_path, both).update()
    assert caught.value.code == "source.other"


def test_a_pruned_log_is_mirrored_from_its_mark_on(tmp_path: Path) -> None:
    log = Grown(entries(70_000))
    pruned = Live(log, log.published, minimum=66_000)
    Mirror(pruned, tmp_path, TRUST).update()
    found = files(tmp_path)
    assert found["pruned"] == b"66000\n"
    assert "tile/0/256" not in found
    assert "tile/entries/257" in found
    log.grow(entries(5000, 70_000))
    assert Mirror(pruned, tmp_path, TRUST).update().size == 75_000
    # And a mirror of the mirror.
    Mirror(Folder(tmp_path), tmp_path / "second", TRUST).update()
    assert set(files(tmp_path / "second")) <= set(files(tmp_path))


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(AnswerableError) as caught:
        mirror(Grown(entries(3)), tmp_path / "file" / "copy").update()
    assert caught.value.code == "source.written"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_one_process_writes_a_folder(tmp_path: Path) -> None:
    import fcntl
    import os

    log = Grown(entries(300))
    file = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(file, fcntl.LOCK_EX)
    with pytest.raises(AnswerableError) as caught:
        mirror(log, tmp_path).update()
    assert caught.value.code == "source.written"
    os.close(file)
    assert mirror(log, tmp_path).update().size == 300
