# SPDX-License-Identifier: Apache-2.0
"""A witness that is killed at random moments, over and over, by a log that shows two faces all the while: whatever it
cosigned, in all its lives, is one history."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from answerable.log import note as notes
from answerable.log.head import Checkpoint, read
from answerable.log.merkle import verify_consistency
from answerable.log.note import VerifierKey
from answerable.log.witness import SIZE_TYPE, Request, write
from answerable.witness.files import Folder
from answerable.witness.witness import Witness
from tests.ledger import ORIGIN
from tests.witnesses import LOG_KEYS, Growing

# Lives of the witness in a run of CI; `FAULT_LONG` makes it a hundred.
LIVES = 100 if os.environ.get("FAULT_LONG") else 6
SHARED = 3  # leaves that both faces begin with


class Face(threading.Thread):
    """One of the two histories, shown whenever somebody listens. kept: what was cosigned of it."""

    def __init__(self, name: str, keys: tuple[VerifierKey, ...]) -> None:
        super().__init__(daemon=True)
        self.log = Growing(name).grow(SHARED, shared=SHARED)
        self.keys = keys
        self.port = 0
        self.ended = threading.Event()
        self.kept: list[tuple[Checkpoint, bytes]] = []
        self.statuses: list[int] = []
        self._seen = 0

    def run(self) -> None:
        size = SHARED
        while not self.ended.is_set():
            size += 1
            self.log.grow(size, shared=SHARED)
            note = self.log.note
            while not self.ended.is_set() and not self._show(size, note):
                time.sleep(0.01)

    def _show(self, size: int, note: bytes) -> bool:
        """Whether this size is done with: cosigned, or past."""
        if self._seen > size:
            return True
        proof = tuple(self.log.proof(self._seen, size))
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            with contextlib.closing(connection):
                connection.request("POST", "/add-checkpoint", body=write(Request(self._seen, proof, note)))
                answer = connection.getresponse()
                body = answer.read()
        except (OSError, http.client.HTTPException):
            return False
        self.statuses.append(answer.status)
        if answer.status == 409 and answer.getheader("content-type") == SIZE_TYPE:
            self._seen = int(body)
            return self._seen > size
        if answer.status != 200:
            return True  # refused: this face goes on growing all the same
        signed = notes.Note(notes.parse(note).text, notes.signatures(body.decode()))
        assert notes.verified(signed, self.keys) == self.keys
        self.kept.append((read(signed.text), body))
        self._seen = size
        return True


def live(folder: Path) -> tuple[subprocess.Popen[str], int]:
    words = [sys.executable, "-m", "answerable.cli", "witness", "serve", str(folder), "--port", "0", "--json"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    told: Any = json.loads(process.stdout.readline())
    return process, int(told["url"].rsplit(":", 1)[1])


@pytest.mark.timeout(600)
def test_whatever_a_witness_cosigned_in_all_its_lives_is_one_history(tmp_path: Path) -> None:
    folder = Folder.create(tmp_path / "w", "w1.invalid")
    for key in LOG_KEYS:
        folder.watch(str(key))
    keys = folder.keys().verifiers
    faces = [Face("", keys), Face("other", keys)]
    dice = random.Random(20261122)
    for life in range(LIVES):
        process, port = live(tmp_path / "w")
        for face in faces:
            face.port = port
            if not life:
                face.start()
        time.sleep(dice.uniform(0.02, 0.4))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=20)
    for face in faces:
        face.ended.set()
        face.join(20)
        assert not face.is_alive()
    # In the end it knows at least what anybody was given, and of that face.
    witness = Witness(Folder(tmp_path / "w"), lambda: 1)
    _, last = folder.seen(ORIGIN, LOG_KEYS)
    witness.close()
    assert last is not None
    given = [(face, head) for face in faces for head, _ in face.kept]
    refused = sum(status == 422 for face in faces for status in face.statuses)
    print(f"{LIVES} lives ended by kill -9: {len(given)} heads cosigned, {refused} refused")
    assert len(given) > LIVES, "it was not asked enough to say anything"
    owner = faces[0] if last.root == _root(faces[0], last.size) else faces[1]
    for face, head in given:
        assert head.size <= last.size
        if face is not owner:
            assert head.size <= SHARED, "it cosigned two histories"
        else:
            proof = owner.log.proof(head.size, owner.log.head.size)
            verify_consistency(head.size, head.root, owner.log.head.size, owner.log.head.root, proof)
    assert 422 in (faces[1] if owner is faces[0] else faces[0]).statuses


def _root(face: Face, size: int) -> bytes:
    other = Growing(face.log._face).grow(size, shared=SHARED)
    return other.head.root
