# SPDX-License-Identifier: Apache-2.0
"""Makes `src/answerable/labels/explicit/font/label.otf`: the characters that labels use, out of Noto Sans CJK SC
Regular.

    python -m tools.label_font /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc

Needs fonttools (PyPI) and Debian's fonts-noto-cjk; neither is needed to build, test or run. The licence (SIL OFL 1.1)
asks that a changed font does not bear a reserved name, so it is renamed. The same source gives the same bytes.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Final

SIMPLIFIED: Final = 2  # which font of the collection
HAN: Final = "人工智能生成合由内容此本该图片视频音文字作品使用技术创辅助改编虚拟数主播机器"
LATIN: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 -.,:/()&+·"
PLACE: Final = Path(__file__).parents[1] / "src/answerable/labels/explicit/font"
NAME: Final = "Answerable Label"


def main() -> None:
    from fontTools import subset, ttLib

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help="NotoSansCJK-Regular.ttc")
    font: Any = ttLib.TTFont(parser.parse_args().source, fontNumber=SIMPLIFIED, lazy=True)
    options = subset.Options(
        layout_features=[], hinting=False, desubroutinize=True, notdef_outline=True,
        name_IDs=[0, 1, 2, 4, 5, 6, 13, 14],
        drop_tables=["GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx", "DSIG"],
    )  # fmt: skip
    maker = subset.Subsetter(options)
    maker.populate(text="".join(sorted(set(HAN + LATIN))))
    maker.subset(font)
    for record in font["name"].names:
        renamed = {1: NAME, 2: "Regular", 4: NAME, 6: NAME.replace(" ", "")}.get(record.nameID)
        if renamed:
            record.string = renamed
    cff = font["CFF "].cff
    cff.fontNames[0] = NAME.replace(" ", "")
    top = cff.topDictIndex[0]
    top.FullName = top.FamilyName = NAME
    font["head"].modified = font["head"].created
    font.recalcTimestamp = False
    font.save(PLACE / "label.otf")
    order, units = font.getGlyphOrder(), font["head"].unitsPerEm
    glyphs = {
        chr(code): [order.index(name), font["hmtx"][name][0]] for code, name in sorted(font.getBestCmap().items())
    }
    told = {"units": units, "ascent": font["OS/2"].sTypoAscender, "glyphs": glyphs}
    (PLACE / "label.json").write_text(json.dumps(told, ensure_ascii=False, indent=None) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
