#!/usr/bin/env python3
"""Fits accidentals to Inter: same ascent and descent, glyphs raised to its capitals.

    python3 fit_accidentals.py FONT.ttf        (in place; needs fonttools)

Run once on each subset; the fonts beside this file have been through it.
"""

import sys

from fontTools.ttLib import TTFont

# Inter's ascent and descent, in thousandths of the type size.
ASCENT, DESCENT = 964, -245
# How far each glyph is raised, in thousandths of the type size.
RAISE = {0x266D: 110, 0x266E: 250, 0x266F: 170, 0x1D12A: 230, 0x1D12B: 100}


def main(path):
    font = TTFont(path)
    per_mille = font["head"].unitsPerEm / 1000
    for code, name in font.getBestCmap().items():
        glyph = font["glyf"][name]
        glyph.coordinates.translate((0, round(RAISE[code] * per_mille)))
        glyph.recalcBounds(font["glyf"])
    for table, ascent, descent in (
        ("hhea", "ascent", "descent"),
        ("OS/2", "sTypoAscender", "sTypoDescender"),
        ("OS/2", "usWinAscent", None),
    ):
        setattr(font[table], ascent, round(ASCENT * per_mille))
        if descent:
            setattr(font[table], descent, round(DESCENT * per_mille))
    font.save(path)


if __name__ == "__main__":
    main(sys.argv[1])
