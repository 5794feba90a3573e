# SPDX-License-Identifier: Apache-2.0
"""Sound and video that were labelled, before programs that are not ours: ffprobe and exiftool read the object and all
that was said before, ffmpeg plays the same packets and the same samples, and complains of nothing."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from answerable.formats.detect import detect
from tests.av_bytes import OTHER, TEXT
from tests.av_files import RECIPES, media

# Two readers that know no chunk AIGC of WAV: what they say of it is that it is there, or nothing.
SILENT = {"plain.wav", "wide.wav"}
EXIFTOOL = {"mp4", "mov", "m4a", "mp3"}


def labelled(name: str, folder: Path) -> tuple[Path, Path]:
    """The file as ffmpeg made it, and labelled: first with another object, so that one is replaced too."""
    before, between, after = folder / name, folder / f"between-{name}", folder / f"labelled-{name}"
    before.write_bytes(media(name))
    for source, target, text in ((before, between, OTHER), (between, after, TEXT)):
        with source.open("rb") as old, target.open("wb") as new:
            detect(old).write(old, new, text)
    return before, after


def run(*command: str | Path) -> str:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=60, check=True)
    assert not done.stderr, done.stderr
    return done.stdout


def tags(path: Path) -> dict[str, str]:
    """Of the file and its streams; what names no title or the like stays out."""
    told = json.loads(run("ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", path))
    return {
        f"{where}:{key}": value
        for where, part in (("file", told["format"]), *((f"stream{n}", part) for n, part in enumerate(told["streams"])))
        for key, value in part.get("tags", {}).items()
    }


def packets(path: Path) -> list[str]:
    """Time and checksum of each; the comments that Ogg's first packet carries along are no part of it."""
    lines = run("ffmpeg", "-v", "error", "-i", path, "-map", "0", "-c", "copy", "-f", "framemd5", "-").splitlines()
    return [line.partition(", S=")[0] for line in lines if line and not line.startswith("#extradata")]


def samples(path: Path) -> list[str]:
    return run("ffmpeg", "-v", "error", "-i", path, "-map", "0", "-f", "framemd5", "-").splitlines()


@pytest.mark.system("ffmpeg", "ffprobe", "exiftool")
@pytest.mark.parametrize("name", RECIPES)
def test_players_see_one_object_more_and_nothing_else(name: str, tmp_path: Path) -> None:
    before, after = labelled(name, tmp_path)
    was, now = tags(before), tags(after)
    assert {key: now.get(key) for key in was} == was
    more = {key.partition(":")[2]: now[key] for key in now.keys() - was.keys()}
    assert more == ({} if name in SILENT else {"AIGC": TEXT})
    assert packets(after) == packets(before) != []
    if name.startswith("plain."):
        assert samples(after) == samples(before)
    else:
        assert run("ffmpeg", "-v", "error", "-i", after, "-f", "null", "-") == ""
    if name.rpartition(".")[2] in EXIFTOOL:
        (told,) = json.loads(run("exiftool", "-j", "-AIGC", "-UserDefinedText", after))
        said = told.get("AIGC") or told["UserDefinedText"].removeprefix("(AIGC) ")
        assert said == TEXT if isinstance(said, str) else said == json.loads(TEXT)


@pytest.mark.system("ffmpeg")
@pytest.mark.parametrize("name", ["front.mp4", "dash.mp4", "plain.mkv", "cues-first.mkv", "plain.webm", "plain.avi"])
def test_a_jump_into_the_middle_lands_where_it_did(name: str, tmp_path: Path) -> None:
    before, after = labelled(name, tmp_path)
    jump = ("-map", "0:v", "-c", "copy", "-f", "framemd5", "-")
    landed = [run("ffmpeg", "-v", "error", "-ss", "0.6", "-i", path, *jump) for path in (before, after)]
    assert landed[0] == landed[1]
    assert len(landed[0].splitlines()) > 8
