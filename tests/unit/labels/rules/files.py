# SPDX-License-Identifier: Apache-2.0
"""Files to check: labelled by the library in every layer, and others."""

from __future__ import annotations

import functools
import io
import json
import time
from pathlib import Path
from typing import Any

from answerable.crypto import ed25519, issuing
from answerable.labels import Labeller, Trust, label
from answerable.labels.chain import Chain
from answerable.labels.explicit.plan import Plan
from answerable.marks.signature import public_info
from tests.small_media import PARTY, PROVIDER

GOLDEN = Path(__file__).parents[3] / "golden"
KEY = ed25519.Key.generate()
SECRET = b"a watermark key that is long enough"
ISSUED = issuing.issue("Example Ltd", now_ms=int(time.time() * 1000), days=30)
TRUST = Trust({public_info(KEY): PARTY}, (ISSUED.root,), (SECRET,))
RECORD = "abcdefghijklmnopqrstuvwxyz234567"


def by(**more: Any) -> Labeller:
    given = {"watermark_key": SECRET, "explicit": Plan("zh"), "agent": ("painter", "1.0")} | more
    return Labeller(PROVIDER, KEY, Chain.of(ISSUED), **given)


@functools.cache
def noise(form: str = "PNG", width: int = 320, height: int = 256) -> bytes:
    """Something with texture, in which a watermark finds room."""
    from PIL import Image, ImageFilter

    out = io.BytesIO()
    image = Image.effect_noise((width, height), 90).filter(ImageFilter.GaussianBlur(2)).convert("RGB")
    image.save(out, form, **({"quality": 90} if form == "JPEG" else {}))
    return out.getvalue()


@functools.cache
def labelled(form: str = "PNG") -> bytes:
    done = label(noise(form), by=by(), record=RECORD)
    assert {each.state for each in done.layers} == {"written"}, done.layers
    assert done.data is not None
    return done.data


def golden(name: str) -> bytes:
    return (GOLDEN / name).read_bytes()


def members(**changed: Any) -> dict[str, Any]:
    """An AIGC object of the standard's form, with some members changed; None takes one out."""
    whole = {
        "Label": "1", "ContentProducer": PROVIDER, "ProduceID": RECORD, "ReservedCode1": "", "ContentPropagator": "",
        "PropagateID": "", "ReservedCode2": "",
    } | changed  # fmt: skip
    return {key: value for key, value in whole.items() if value is not None}


def page(*objects: object, text: str = "A page.") -> bytes:
    """HTML with these objects in its head, as they are."""
    heads = "".join(
        f"<meta name=\"AIGC\" content='{each if isinstance(each, str) else json.dumps(each)}'>" for each in objects
    )
    return f"<!doctype html><html><head>{heads}</head><body><p>{text}</p></body></html>".encode()
