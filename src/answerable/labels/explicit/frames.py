# SPDX-License-Identifier: Apache-2.0
"""Words on frames of video as the codec holds them: planes of brightness and colour, 8 to 16 bits, turned or not. Only
the box of the words is written to; no frame is converted."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from answerable.errors import Refused
from answerable.labels.explicit.patch import Box, Patch, make
from answerable.labels.explicit.plan import Plan

if TYPE_CHECKING:
    from numpy import uint8
    from numpy.typing import NDArray

_FULL: Final = 2  # AVCOL_RANGE_JPEG
_ALPHA: Final = 3  # the fourth component, where there is one


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """Where and how the words of a plan stand on the frames of one video. stored: their box in the frame as it is
    stored; least: what the standard asks of a glyph, in pixels; turn: by how many degrees players turn it, against the
    clock."""

    patch: Patch
    stored: Box
    least: int
    turn: int
    kind: str
    size: tuple[int, int]
    full: bool

    def fits(self, frame: Any) -> bool:
        return frame.format.name == self.kind and (frame.width, frame.height) == self.size

    def paint(self, frame: Any) -> None:
        """Draw the words on a decoded frame."""
        import numpy as np

        frame.make_writable()
        grey = np.rot90(self.patch.pixels, -self.turn // 90)
        box = self.stored
        colour = not self.kind.startswith("gbr")
        for place, component in enumerate(frame.format.components):
            plane, depth = _plane(frame, place), int(component.bits) - 8
            if place == _ALPHA:
                plane[box.y : box.y + box.height, box.x : box.x + box.width] = (256 << depth) - 1
            elif place == 0 or not colour:
                dark, light = (0, 255) if self.full else (16, 235)
                values = (dark << depth) + (grey.astype(np.float32) * ((light - dark) << depth) / 255).round()
                plane[box.y : box.y + box.height, box.x : box.x + box.width] = values.astype(plane.dtype)
            else:
                across, down = round(frame.width / component.width), round(frame.height / component.height)
                rows = slice(box.y // down, -(-(box.y + box.height) // down))
                plane[rows, box.x // across : -(-(box.x + box.width) // across)] = 128 << depth

    def words(self, frame: Any) -> NDArray[uint8]:
        """The place of the words on a decoded frame, upright, in grey from 0 to 255."""
        import numpy as np

        depth = int(frame.format.components[0].bits) - 8
        box, text = self.stored, self.patch.text
        part = _plane(frame, 0)[box.y : box.y + box.height, box.x : box.x + box.width].astype(np.float32) / 2**depth
        if not self.full:
            part = (part - 16) * 255 / 219
        upright = np.rot90(part.clip(0, 255).astype(np.uint8), self.turn // 90)
        return np.ascontiguousarray(upright[text.y : text.y + text.height, text.x : text.x + text.width])


def canvas(frame: Any, plan: Plan) -> Canvas:
    """For the video that begins with `frame`. Raises Refused ``label.explicit`` for frames of a kind that is not drawn
    on or that are too small for the words."""
    if not _drawable(frame.format):
        raise Refused("label.explicit", detail=f"pictures of the kind {frame.format.name} are not drawn on")
    turn = round(frame.rotation) % 360
    if turn % 90:
        raise Refused("label.explicit", detail="a picture that is turned by no quarter")
    width, height = frame.width, frame.height
    shown = (height, width) if turn in (90, 270) else (width, height)
    patch = make(plan, *shown, spare=1)
    full = frame.color_range == _FULL or frame.format.name.startswith(("yuvj", "gbr"))
    stored = _stored(patch.box, width, height, turn)
    return Canvas(patch, stored, plan.glyph(min(width, height)), turn, frame.format.name, (width, height), full)


def _drawable(kind: Any) -> bool:
    """Each component in a plane of its own, 8 bits, or up to 16 in the machine's order."""
    ending = "le" if sys.byteorder == "little" else "be"
    planes = [each.plane for each in kind.components]
    return (
        kind.name.startswith(("yuv", "gray", "gbr"))
        and sorted(planes) == list(range(len(planes)))
        and all(8 <= each.bits <= 16 for each in kind.components)
        and (kind.components[0].bits == 8 or kind.name.endswith(ending))
        and not kind.is_bit_stream
    )


def _plane(frame: Any, place: int) -> Any:
    import numpy as np

    component = frame.format.components[place]
    plane = frame.planes[component.plane]
    wide = 1 if component.bits == 8 else 2
    whole = np.frombuffer(plane, np.uint8 if wide == 1 else np.uint16).reshape(-1, plane.line_size // wide)
    return whole[: component.height, : component.width]


def _stored(box: Box, width: int, height: int, turn: int) -> Box:
    """`box` of the picture as viewers see it in the frame as it is stored (width by height)."""
    return {
        0: box,
        90: Box(width - box.y - box.height, box.x, box.height, box.width),
        180: Box(width - box.x - box.width, height - box.y - box.height, box.width, box.height),
        270: Box(box.y, height - box.x - box.width, box.height, box.width),
    }[turn]
