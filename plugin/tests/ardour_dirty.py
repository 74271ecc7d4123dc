#!/usr/bin/env python3
"""Whether Ardour 7 marks its session as modified, by a star in its title, when chords are heard and
when one is edited in the plugin's window.

    python3 plugin/tests/ardour_dirty.py target/bundled/Changes.vst3 assets/demo/town-theme.ogg

Needs the same as ardour_walk.py beside this file. Exits 0 when the star appeared with the music,
disappeared with each save and appeared with the edit.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from ardour import Ardour, screen
from ardour_walk import EDITOR, FIRST_CHORD, picture, with_song

CLEAN = "^walk - Ardour$"
MODIFIED = r"^\*walk - Ardour$"

# Seconds of the song on the track, and seconds that are played.
SECONDS = 12


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vst3", type=Path)
    parser.add_argument("song")
    parser.add_argument("--pictures", type=Path, help="folder for screenshots (xwd)")
    options = parser.parse_args()
    with screen() as display, tempfile.TemporaryDirectory() as folder:
        ardour = Ardour(display, options.vst3, folder, with_song(options.song, SECONDS))
        try:
            walk(ardour, options)
        finally:
            ardour.close()


def await_title(ardour, name, what):
    started = time.monotonic()
    if ardour.find(name, 20) is None:
        sys.exit(f"{what}: no window {name}")
    print(f"{what}: after {time.monotonic() - started:.1f} s", flush=True)


def save(ardour, main_window):
    ardour.click(main_window, EDITOR)
    ardour.xdotool("key", "--clearmodifiers", "ctrl+s")
    await_title(ardour, CLEAN, "saved")


def walk(ardour, options):
    window, _ = ardour.open_plugin()
    if not ardour.await_drawn(window, 30):
        sys.exit("the window is blank")
    main_window = ardour.find(CLEAN, 5) or ardour.find(MODIFIED, 5)
    save(ardour, main_window)
    time.sleep(3)
    await_title(ardour, CLEAN, "the plugin stands idle, and nothing has changed")
    ardour.xdotool("key", "space")
    await_title(ardour, MODIFIED, "chords are heard")
    time.sleep(SECONDS)
    ardour.xdotool("key", "space")
    # Until the last chords are confirmed.
    time.sleep(8)
    save(ardour, main_window)
    time.sleep(3)
    await_title(ardour, CLEAN, "nothing has changed")
    inner = ardour.inner(window)
    ardour.click(inner, FIRST_CHORD)
    time.sleep(0.5)
    ardour.xdotool("type", "--delay", "60", "Am7/C")
    await_title(ardour, CLEAN, "a chord is typed and not set yet")
    ardour.xdotool("key", "Return")
    await_title(ardour, MODIFIED, "a chord is edited")
    picture(ardour, options, "edited")
    save(ardour, main_window)


if __name__ == "__main__":
    main()
