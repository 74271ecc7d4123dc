#!/usr/bin/env python3
"""The built VST3 in Ardour 7 on an X server without a screen. Its window is opened as a musician
would, by a double click in the mixer.

    python3 plugin/tests/ardour.py target/bundled/Changes.vst3 --tries 6

Each try is a fresh Ardour with its own home folder. Exits 0 when the window was drawn in all of
them. Needs Debian's packages ardour, xvfb, openbox, xdotool, x11-apps and x11-utils; no Python
packages.
"""

import argparse
import contextlib
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RATE = 48000

# A blank window has one colour, a half-drawn one a few.
DRAWN = 20

# No sound card, and no question about one; plugins are looked for without asking.
CONFIG = """<?xml version="1.0" encoding="UTF-8"?>
<Ardour>
  <Config>
    <Option name="hide-dummy-backend" value="0"/>
    <Option name="try-autostart-engine" value="1"/>
    <Option name="discover-plugins-on-start" value="1"/>
  </Config>
  <Extra>
    <AudioMIDISetup>
      <EngineStates>
        <State backend="None (Dummy)" driver="Normal Speed" device="Silence" input-device=""
          output-device="" sample-rate="48000" buffer-size="1024" n-periods="0" input-latency="0"
          output-latency="0" lm-input="" lm-output="" active="1" use-buffered-io="0"
          midi-option="1 in, 1 out, Silence" lru="4000000000"><MIDIDevices/></State>
      </EngineStates>
    </AudioMIDISetup>
  </Extra>
</Ardour>
"""

# Makes a session with one stereo track.
SESSION = """
AudioEngine:set_backend("None (Dummy)", "Unit-Test", "")
s = create_session("{folder}", "{name}", {rate})
assert(s)
s:new_audio_track(2, 2, nil, 1, "song", ARDOUR.PresentationInfo.max_order,
  ARDOUR.TrackMode.Normal, true)
s:save_state("")
close_session()
"""

# The plugin behind the fader; its identifier is that of lib.rs.
UNIQUE_ID = b"ChangesChordRead".hex().upper()
PROCESSOR = (
    '<Processor id="9001" name="Changes" active="1" user-latency="0" use-user-latency="0"'
    f' type="vst3" unique-id="{UNIQUE_ID}" count="1" custom="0"/>'
)

# Places in Ardour's main window, in pixels from its upper left corner, at its size of SIZE.
SIZE = (1348, 713)
MIXER = (1326, 72)
# The plugin's place in the strip depends on the installed fonts.
PLUGINS = [(324, 238), (324, 252)]


class Ardour:
    """An Ardour with a session of its own that has the plugin on its one track."""

    def __init__(self, display, vst3, folder, edit=lambda session, text: text):
        self.folder = Path(folder)
        self.environment = dict(os.environ, HOME=str(folder), DISPLAY=display)
        for name in ["XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"]:
            self.environment.pop(name, None)
        config = self.folder / ".config/ardour7"
        config.mkdir(parents=True)
        (config / "config").write_text(CONFIG)
        # As if Ardour had run before, so that it skips its first-start questions.
        (config / ".a7").touch()
        shutil.copytree(vst3, self.folder / ".vst3" / Path(vst3).name)
        session = self.folder / "session"
        script = self.folder / "session.lua"
        script.write_text(SESSION.format(folder=session, name="walk", rate=RATE))
        self.run("ardour7-lua", script)
        self.session = session / "walk.ardour"
        text = self.session.read_text()
        track = text.index("AudioTrack,OrderSet")
        meter = text.index("<Processor", text.index('name="meter-song"', track) - 40)
        text = text[:meter] + PROCESSOR + text[meter:]
        self.session.write_text(edit(session, text))
        self.log = open(self.folder / "log", "w")
        self.process = subprocess.Popen(
            ["ardour", "--no-splash", self.session],
            env=self.environment,
            stdout=self.log,
            stderr=self.log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def run(self, *command):
        done = subprocess.run(
            [str(part) for part in command],
            env=self.environment,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
        )
        return done.stdout

    def xdotool(self, *arguments):
        return self.run("xdotool", *arguments).decode().split()

    def find(self, name, seconds):
        """The window of that name (a regular expression), or None if it does not come."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"Ardour ended: {(self.folder / 'log').read_text()[-2000:]}")
            found = self.xdotool("search", "--onlyvisible", "--name", name)
            if found:
                return found[-1]
            time.sleep(0.05)
        return None

    def main_window(self):
        main = self.find("^walk - Ardour$", 120)
        if main is None:
            raise RuntimeError("Ardour shows no session")
        self.xdotool("windowsize", "--sync", main, *SIZE)
        return main

    def click(self, window, place, times=1):
        self.xdotool("mousemove", "--window", window, *place)
        self.xdotool("click", "--repeat", times, "--delay", 80, 1)

    def open_plugin(self):
        """Opens the plugin's window in the mixer. Returns Ardour's window around it, and the
        time of the double click."""
        main = self.main_window()
        for index in range(20):
            self.click(main, MIXER)
            time.sleep(1)
            self.click(main, PLUGINS[index % len(PLUGINS)], times=2)
            clicked = time.monotonic()
            window = self.find("Changes \\(by Changes\\)", 5)
            if window:
                return window, clicked
            # Beside it, the list of all plugins has opened.
            self.xdotool("key", "Escape")
            time.sleep(0.5)
        raise RuntimeError("the plugin's window does not open")

    def inner(self, window):
        """The plugin's own window within Ardour's, or None."""
        tree = self.run("xwininfo", "-tree", "-id", window).decode()
        found = re.search(r'(0x[0-9a-f]+) "Changes": \(\)', tree)
        return found and found.group(1)

    def colours(self, window):
        """The number of colours in a window."""
        dump = self.run("xwd", "-silent", "-id", window)
        if len(dump) < 100:
            return 0
        header = struct.unpack(">25I", dump[:100])
        size, bits, line, colours = header[0], header[11], header[12], header[19]
        if bits != 32:
            raise RuntimeError(f"pixels of {bits} bits")
        pixels = dump[size + 12 * colours :]
        return len(set(memoryview(pixels)[: len(pixels) // 4 * 4].cast("I")))

    def await_drawn(self, window, seconds):
        """Waits until the plugin's window is drawn; False if that takes too long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            inner = self.inner(window)
            if inner and self.colours(inner) >= DRAWN:
                return True
            time.sleep(0.05)
        return False

    def screenshot(self, file):
        """Saves the whole screen in xwd's format."""
        Path(file).write_bytes(self.run("xwd", "-silent", "-root"))

    def close(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()


@contextlib.contextmanager
def screen():
    """An X server without a screen, with a window manager. Yields its display."""
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        display = f":{int(server.stdout.readline())}"
        manager = subprocess.Popen(
            ["openbox"],
            env=dict(os.environ, DISPLAY=display),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield display
        finally:
            manager.kill()
            manager.wait()
    finally:
        server.kill()
        server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vst3", type=Path)
    parser.add_argument("--tries", type=int, default=6)
    parser.add_argument("--pictures", type=Path, help="folder for screenshots (xwd)")
    options = parser.parse_args()
    drawn = 0
    for index in range(1, options.tries + 1):
        with screen() as display, tempfile.TemporaryDirectory() as folder:
            ardour = Ardour(display, options.vst3, folder)
            try:
                window, clicked = ardour.open_plugin()
                good = ardour.await_drawn(window, 15)
                took = time.monotonic() - clicked
                # It must still be drawn later.
                time.sleep(1)
                inner = ardour.inner(window)
                colours = ardour.colours(inner) if inner else 0
                good = good and colours >= DRAWN
                drawn += good
                told = f"drawn after {took:.2f} s, {colours} colours" if good else "BLANK"
                print(f"try {index}: {told}", flush=True)
                if options.pictures:
                    options.pictures.mkdir(parents=True, exist_ok=True)
                    ardour.screenshot(options.pictures / f"try-{index}.xwd")
            finally:
                ardour.close()
    print(f"drawn in {drawn} of {options.tries} tries")
    sys.exit(drawn != options.tries)


if __name__ == "__main__":
    main()
