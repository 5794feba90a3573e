# SPDX-License-Identifier: Apache-2.0
"""``POST /v1/images/generations`` and ``/v1/images/edits``. Each picture of the answer is labelled in its pixels and in
its file; a link to one that lies elsewhere cannot be, and is no answer here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from answerable.model.actions import Bearing, Chunk
from answerable.model.media import Coding, Medium
from answerable.ports import Decoder, Transcript
from answerable.protocols.multipart import Part
from answerable.protocols.openai.answers import Weave, Whole, broken, usage
from answerable.protocols.openai.marker import Marker, Silent
from answerable.protocols.openai.media_endpoint import MediaEndpoint, Words
from answerable.protocols.openai.media_request import EDITS, MAX_PICTURES, PICTURES
from answerable.protocols.openai.strays import Overheard

# Models that answer with the picture itself and take no wish about it.
_INLINE: Final = ("gpt-image", "chatgpt-image")
_KNOWN: Final = frozenset({"b64_json", "url", "revised_prompt"})
_ANSWER: Final = frozenset(
    {"created", "data", "usage", "background", "output_format", "quality", "size", "id", "object", "model"}
)


class Pictures(MediaEndpoint):
    """Pictures out of words."""

    path: str = PICTURES

    __slots__ = ()

    def _adapt(self, body: dict[str, Any], *, stream: bool) -> None:
        if not str(body["model"]).startswith(_INLINE):
            body["response_format"] = "b64_json"

    def decoder(self, *, stream: bool) -> Decoder:
        return Whole(whole)

    def marker(self) -> Marker:
        return Silent()

    def content(self) -> Transcript:
        return Prompts()


class EditedPictures(Pictures):
    """Pictures out of pictures. What the first of them says of its own history goes with the answer."""

    path: str = EDITS

    __slots__ = ()

    def _original(self, parts: Sequence[Part]) -> bytes:
        images = (part.data for part in parts if part.filename is not None and part.name in ("image", "image[]"))
        return next(images, b"")


def whole(answer: dict[str, Any]) -> Chunk:
    """The one piece of an answer. Raises Unavailable ``upstream.broken``."""
    data = answer.get("data")
    if not isinstance(data, list) or not 0 < len(data) <= MAX_PICTURES:
        raise broken("no pictures")
    media: list[Medium] = []
    weave = Weave()
    overheard = Overheard(weave)
    texts = [overheard.hear("answer", answer, _ANSWER)]
    for place, entry in enumerate(data):
        if not isinstance(entry, dict):
            raise broken("a picture is not an object")
        picture, link, prompt = entry.get("b64_json"), entry.get("url"), entry.get("revised_prompt")
        if isinstance(picture, str) and picture and link is None:
            media.append(Medium(entry, "b64_json", Coding.BASE64, must=True, wanted="image/"))
        elif isinstance(link, str) and link.startswith("data:image/") and ";base64," in link and picture is None:
            media.append(Medium(entry, "url", Coding.URL, must=True, wanted="image/"))
        else:
            raise broken("a link in place of a picture")
        if prompt is not None and not isinstance(prompt, str):
            raise broken("a prompt that is no text")
        texts += [weave.say(place, prompt or ""), overheard.hear(place, entry, _KNOWN)]
    spent = usage(answer.get("usage"), "input_tokens", "output_tokens")
    return Bearing(Chunk(answer, "".join(texts), usage=spent), [*media, *overheard.media])


class Prompts(Words):
    """The transcript: the prompts as the model understood them, one for each picture that has one."""

    __slots__ = ()

    def words(self, answer: dict[str, Any]) -> Sequence[str]:
        return [entry["revised_prompt"] for entry in answer["data"] if entry.get("revised_prompt")]
