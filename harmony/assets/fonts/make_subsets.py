#!/usr/bin/env python3
"""Makes the fonts of the drawn charts: few characters, TrueType outlines.

    python3 make_subsets.py INTER_FOLDER BRAVURA.otf      (needs fonttools)

INTER_FOLDER contains Inter-Regular.otf and InterDisplay-SemiBold.otf (Debian package
fonts-inter); BRAVURA.otf is from the npm package @vexflow-fonts/bravura. The
music font is renamed, as its licence requires of reduced versions.
"""

import pathlib
import sys

from fontTools import subset
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable

# Latin with its extensions (Vietnamese, too), Greek, Cyrillic, dashes, quotes, bullets,
# currencies, numero and trade mark, arrows, stars, and what chord symbols need.
TEXT = [*range(0x20, 0x7F), *range(0xA0, 0x250), *range(0x370, 0x483), *range(0x48A, 0x530),
        *range(0x1E00, 0x1F00), *range(0x2010, 0x2028), 0x202F, *range(0x2030, 0x2060), 0x2070,
        *range(0x2074, 0x20C0), 0x2116, 0x2122, *range(0x2190, 0x21A0), 0x2212, 0x25A1, 0x25CB,
        0x25CF, 0x2605, 0x2606, 0x2661, 0x2665, 0xFFFD]
# SMuFL: G clef, figures of meters, C and cut C, slash head, accidentals for signatures and for
# chord symbols, whole rest, bar repeat, quarter, eighth and half note and dot of metronome marks.
MUSIC = [0xE050, *range(0xE080, 0xE08C), 0xE101, 0xE260, 0xE261, 0xE262, 0xE4E3, 0xE500,
         *range(0xED60, 0xED66), 0xECA3, 0xECA5, 0xECA7, 0xECB7]
# The accidentals of chord symbols under their names in text, too.
ALIASES = {0x266D: 0xED60, 0x266E: 0xED61, 0x266F: 0xED62}
KEEP = {"head", "hhea", "maxp", "OS/2", "hmtx", "cmap", "loca", "glyf", "name", "post"}


def reduced(path, codes):
    options = subset.Options()
    options.layout_features = []
    options.hinting = False
    options.notdef_outline = True
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    font = subset.load_font(str(path), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)
    return font


def to_truetype(font):
    glyphs, order = font.getGlyphSet(), font.getGlyphOrder()
    drawn = {}
    for name in order:
        pen = TTGlyphPen(glyphs)
        glyphs[name].draw(Cu2QuPen(pen, max_err=1.0, reverse_direction=True))
        drawn[name] = pen.glyph()
    font["loca"] = newTable("loca")
    font["glyf"] = glyf = newTable("glyf")
    glyf.glyphOrder, glyf.glyphs = order, drawn
    for name, glyph in drawn.items():
        glyph.recalcBounds(glyf)
        advance, _ = font["hmtx"][name]
        font["hmtx"][name] = (advance, getattr(glyph, "xMin", 0) if glyph.numberOfContours else 0)
    maxp = font["maxp"]
    maxp.tableVersion = 0x00010000
    for field in ("maxZones maxTwilightPoints maxStorage maxFunctionDefs maxInstructionDefs "
                  "maxStackElements maxSizeOfInstructions maxComponentElements maxPoints maxContours "
                  "maxCompositePoints maxCompositeContours maxComponentDepth").split():
        setattr(maxp, field, 1 if field == "maxZones" else 0)
    font["post"].formatType = 3.0
    font["post"].glyphOrder = order
    font.sfntVersion = "\x00\x01\x00\x00"
    for table in list(font.keys()):
        if table not in KEEP and table != "GlyphOrder":
            del font[table]


def rename(font, family):
    for record in font["name"].names:
        if record.nameID in (1, 3, 4, 16):
            record.string = family
        elif record.nameID == 6:
            record.string = family.replace(" ", "")


def main(inter, bravura):
    here = pathlib.Path(__file__).parent
    for name in ("InterDisplay-SemiBold", "Inter-Regular"):
        font = reduced(pathlib.Path(inter) / f"{name}.otf", TEXT)
        to_truetype(font)
        font.save(here / f"{name}.ttf")
    font = reduced(bravura, MUSIC)
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap.update({new: table.cmap[old] for new, old in ALIASES.items()})
    to_truetype(font)
    rename(font, "Changes Music")
    font.save(here / "ChangesMusic.ttf")


if __name__ == "__main__":
    main(*sys.argv[1:])
