#!/usr/bin/env python3
"""Makes the fonts that the tests of titles use instead of the system's: a few letters
of each script, with the tables that shape them.

    python3 make_fonts.py      (needs fonttools, and Debian's fonts-noto-core and fonts-noto-cjk)

All come from Noto (SIL Open Font License 1.1, no reserved names, copyright 2010-2020 Google
and, for the CJK one, 2014-2021 Adobe).
"""

import pathlib

from fontTools import subset

NOTO = pathlib.Path("/usr/share/fonts")
FONTS = [
    ("Arabic.ttf", "truetype/noto/NotoSansArabic-Regular.ttf", "ليالي الأنس في فيينا ١٢"),
    ("Hebrew.ttf", "truetype/noto/NotoSansHebrew-Regular.ttf", "ירושלים של זהב ()"),
    ("Devanagari.ttf", "truetype/noto/NotoSansDevanagari-Regular.ttf", "हिन्दी क्षत्रिय राग"),
    # PostScript outlines (CFF), from a font collection.
    ("CJK.otf", "opentype/noto/NotoSansCJK-Regular.ttc", "東京の夜サウル서울의 밤音楽"),
]


def main():
    here = pathlib.Path(__file__).parent
    for name, source, text in FONTS:
        options = subset.Options()
        options.font_number = 0
        options.hinting = False
        options.desubroutinize = True
        options.name_IDs = [0, 1, 2, 4, 6, 13, 14]
        font = subset.load_font(str(NOTO / source), options)
        subsetter = subset.Subsetter(options)
        subsetter.populate(text=text)
        subsetter.subset(font)
        subset.save_font(font, str(here / name), options)


if __name__ == "__main__":
    main()
