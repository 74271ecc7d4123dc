#!/usr/bin/env python3
"""The README's walk-through in Ardour 7, timed: from the double click that opens the plugin's
window, through the correction of a chord, to a MIDI clip of the song's chords on a track of the host.

    python3 plugin/tests/ardour_walk.py target/bundled/Changes.vst3 assets/demo/town-theme.ogg

Needs the same as ardour.py beside this file, and ffmpeg. Exits 0 when the clip exists and the
saved file has the corrected chord.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ardour import RATE, Ardour, screen

# Units per second in Ardour's files.
CLOCK = 282_240_000

SOURCE = """<Sources>
    <Source name="{file}" type="audio" flags="" id="9101" take-id="" channel="0" origin=""
      gain="1"/>
  </Sources>"""

REGION = """<Region name="song" muted="0" opaque="1" locked="0" video-locked="0" automatic="0"
      whole-file="0" import="0" external="1" hidden="0" position-locked="0" valid-transients="0"
      start="a0" length="a{length}@a0" sync-position="a0" ancestral-start="a0"
      ancestral-length="a0@a0" stretch="1" shift="1" layering-index="0" layer="0" tags=""
      contents="0" id="9102" type="audio" first-edit="nothing" source-0="9101"
      master-source-0="9101" channels="1" default-fade-in="0" default-fade-out="0"
      fade-in-active="0" fade-out-active="0" fade-before-fx="0" envelope-active="0"
      scale-amplitude="1"/>"""

# The correction of the first chord; it does not occur in the song.
CORRECTED = "Am7/C"

# Places in Ardour's main window and in the plugin's, as in ardour.py.
EDITOR = (1326, 44)
# The first bar, below the tracks.
CANVAS = (222, 630)
FIRST_CHORD = (92, 338)
EXPORT = (782, 24)
SAVE_MIDI = (696, 139)
MIDI_DOTS = (376, 138)


def with_song(song, seconds):
    """Puts the song's beginning on the session's track."""

    def edit(session, text):
        folder = next((session / "interchange").glob("*/audiofiles"))
        command = ["ffmpeg", "-loglevel", "error", "-t", str(seconds), "-i", song, "-ac", "1"]
        command += ["-ar", str(RATE), "-c:a", "pcm_s16le", folder / "song.wav"]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        text = text.replace("<Sources/>", SOURCE.format(file="song.wav"))
        playlist = re.search(r'<Playlist [^>]*name="song"[^>]*/>', text).group()
        filled = playlist[:-2] + ">" + REGION.format(length=seconds * CLOCK) + "</Playlist>"
        return text.replace(playlist, filled)

    return edit


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vst3", type=Path)
    parser.add_argument("song")
    parser.add_argument("--seconds", type=int, default=30, help="seconds of the song to play")
    parser.add_argument("--pictures", type=Path, help="folder for screenshots (xwd)")
    options = parser.parse_args()
    with screen() as display, tempfile.TemporaryDirectory() as folder:
        edit = with_song(options.song, options.seconds)
        ardour = Ardour(display, options.vst3, folder, edit)
        try:
            walk(ardour, options)
        finally:
            ardour.close()


def walk(ardour, options):
    clock = Clock()
    window, clock.last = ardour.open_plugin()
    if not ardour.await_drawn(window, 30):
        sys.exit("the window is blank")
    clock.step("double click, until the window is drawn")
    main_window = ardour.main_window()
    ardour.click(main_window, EDITOR)
    clock.step("to Ardour's editor")
    ardour.xdotool("key", "space")
    time.sleep(options.seconds)
    ardour.xdotool("key", "space")
    clock.step("the playing", counts=False)
    picture(ardour, options, "played")
    inner = ardour.inner(window)
    ardour.click(inner, FIRST_CHORD)
    time.sleep(0.5)
    ardour.xdotool("type", "--delay", "60", CORRECTED)
    picture(ardour, options, "typed")
    ardour.xdotool("key", "Return")
    clock.step(f"a click on the first chord, {CORRECTED} typed, Enter")
    time.sleep(0.5)
    picture(ardour, options, "corrected")
    ardour.click(inner, EXPORT)
    time.sleep(0.5)
    picture(ardour, options, "export")
    drag(ardour, inner, MIDI_DOTS, main_window, CANVAS)
    clip = await_file(ardour.folder, "session/interchange/*/midifiles/*.mid", 20)
    clock.step("Export, and the six dots dragged to the editor, until Ardour has the clip")
    told = f"all but the playing: {clock.sum:.1f} s"
    time.sleep(2)
    picture(ardour, options, "clip")
    clock.step("a look", counts=False)
    ardour.click(inner, SAVE_MIDI)
    saved = await_file(ardour.folder, "Documents/Changes/*.mid", 10)
    clock.step("or Save, until the file is there", counts=False)
    picture(ardour, options, "saved")
    print(told)
    if not saved or not clip:
        sys.exit(f"clip: {clip}, saved: {saved}")
    if CORRECTED.encode() not in saved.read_bytes():
        sys.exit(f"no {CORRECTED} in {saved.name}")
    print(f"{clip.name}: {clip.stat().st_size} bytes; {saved.name}: {saved.stat().st_size} bytes")


class Clock:
    """Prints how long each step took."""

    def __init__(self):
        self.last = time.monotonic()
        self.sum = 0.0

    def step(self, name, counts=True):
        now = time.monotonic()
        took, self.last = now - self.last, now
        if counts:
            self.sum += took
        print(f"{name}: {took:.1f} s", flush=True)


def drag(ardour, source, start, target, end):
    """Drags as a hand does, slowly enough for both programs to follow."""
    ardour.xdotool("mousemove", "--window", source, *start)
    ardour.xdotool("mousedown", 1)
    x, y = start
    for _ in range(10):
        x, y = x + 3, y + 1
        ardour.xdotool("mousemove", "--window", source, x, y)
        time.sleep(0.03)
    for distance in range(9, -1, -1):
        ardour.xdotool("mousemove", "--window", target, end[0] + 9 * distance, end[1])
        time.sleep(0.05)
    time.sleep(0.5)
    ardour.xdotool("mouseup", 1)


def await_file(folder, pattern, seconds):
    """The file once it is not empty, or None if it does not appear."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for file in folder.glob(pattern):
            if file.stat().st_size:
                return file
        time.sleep(0.05)
    return None


def picture(ardour, options, name):
    if options.pictures:
        options.pictures.mkdir(parents=True, exist_ok=True)
        ardour.screenshot(options.pictures / f"{name}.xwd")


if __name__ == "__main__":
    main()
