# SPDX-License-Identifier: Apache-2.0
"""How far two colours stand out from one another: the contrast ratio of WCAG 2.2, from 1 to 21."""

from __future__ import annotations

from typing import Final

# What large letters need (WCAG 2.2, 1.4.3).
LETTERS: Final = 3.0
_LINEAR: Final = tuple(x / 255 / 12.92 if x <= 10 else ((x / 255 + 0.055) / 1.055) ** 2.4 for x in range(256))


def ratio(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """Of two colours in sRGB, 8 bits each of red, green and blue."""
    light, dark = sorted((_luminance(*one), _luminance(*other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def of_hex(text: str) -> tuple[int, int, int] | None:
    """RRGGBB as a colour, None for another text."""
    try:
        red, green, blue = bytes.fromhex(text) if len(text) == 6 else b""
    except ValueError:
        return None
    return red, green, blue


def _luminance(red: int, green: int, blue: int) -> float:
    return 0.2126 * _LINEAR[red] + 0.7152 * _LINEAR[green] + 0.0722 * _LINEAR[blue]
