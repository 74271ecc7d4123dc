#!/usr/bin/env python3
"""Two instances as a band in Ardour 7, without its window: one on a bass track, one on a track
with chords. Both must save the same chord track, and its chords must have the bass notes that only
the bass track plays.

    python3 plugin/tests/ardour_band.py target/bundled/Changes.vst3

Needs Debian's package ardour; no Python packages.
"""

import argparse
import array
import base64
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

from ardour import CONFIG, PROCESSOR, RATE
from ardour_walk import CLOCK, REGION, SOURCE

# Chords on the one track, and the bass notes on the other, as MIDI keys: the bass is a third.
CHORDS = [
    ("C:maj/3", [60, 64, 67], 40),
    ("F:maj/3", [60, 65, 69], 45),
    ("A:min/b3", [57, 60, 64], 36),
    ("G:maj/3", [59, 62, 67], 35),
]
CHORD_S = 2
SECONDS = CHORD_S * len(CHORDS) * 3

TRACKS = """
AudioEngine:set_backend("None (Dummy)", "Unit-Test", "")
s = create_session("{folder}", "band", {rate})
assert(s)
for _, name in ipairs {{ "bass", "harmony" }} do
  s:new_audio_track(2, 2, nil, 1, name, ARDOUR.PresentationInfo.max_order,
    ARDOUR.TrackMode.Normal, true)
end
s:save_state("")
close_session()
"""

# The part is found by its name, wherever it is among the parameters.
PLAY = """
AudioEngine:set_backend("None (Dummy)", "Normal Speed", "")
s = load_session("{folder}", "band")
assert(s)
function set_part(track, value)
  local route = s:route_by_name(track)
  for at = 0, 20 do
    local processor = route:nth_processor(at)
    assert(not processor:isnil(), "no plugin on " .. track)
    if processor:display_name() == "Changes" then
      local plugin = processor:to_plugininsert():plugin(0)
      for index = 0, plugin:parameter_count() - 1 do
        if plugin:parameter_label(index) == "Part" then
          assert(ARDOUR.LuaAPI.set_processor_param(processor, index, value))
          return
        end
      end
    end
  end
end
-- As PartChoice counts them.
set_part("bass", 1)
set_part("harmony", 2)
os.execute("sleep 3")
s:request_roll(ARDOUR.TransportRequestSource.TRS_UI)
os.execute("sleep {seconds}")
s:request_stop(false, false, ARDOUR.TransportRequestSource.TRS_UI)
-- What is heard last is confirmed.
os.execute("sleep 10")
s:save_state("")
close_session()
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vst3", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bass, harmony = played(Path(folder), options.vst3)
    if bass["track"] != harmony["track"]:
        sys.exit(f"two tracks:\n{bass['track']}\n{harmony['track']}")
    if not bass.get("changed_ms"):
        sys.exit("the track was not written by a band")
    wanted = [CHORDS[index % len(CHORDS)][0] for index in range(SECONDS // CHORD_S)]
    segments = bass["track"]["segments"]
    print(" ".join(segment["label"] for segment in segments))
    right = 0
    for index, label in enumerate(wanted):
        middle = (index + 0.5) * CHORD_S
        there = [it for it in segments if it["start_s"] <= middle < it["end_s"]]
        right += any(it["label"] == label for it in there)
    print(f"{right} of {len(wanted)} chords with the bass of the other track")
    sys.exit(right < len(wanted) - 2)


def played(folder, vst3):
    """Makes the session, plays it, and returns what both instances saved."""
    environment = dict(os.environ, HOME=str(folder))
    for name in ["DISPLAY", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"]:
        environment.pop(name, None)
    config = folder / ".config/ardour7"
    config.mkdir(parents=True)
    (config / "config").write_text(CONFIG)
    plugin = folder / ".vst3" / vst3.name
    shutil.copytree(vst3, plugin)

    def run(*command, seconds=60, **more):
        done = subprocess.run(
            [str(part) for part in command],
            env=dict(environment, **more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
        if done.returncode:
            sys.exit(f"{command[0]}: {done.stdout}{done.stderr}")

    def lua(text, seconds=60):
        script = folder / "script.lua"
        script.write_text(text)
        run("ardour7-lua", script, seconds=seconds)

    library = "/usr/lib/ardour7"
    run(f"{library}/ardour-vst3-scanner", "-f", plugin, LD_LIBRARY_PATH=library)
    session = folder / "session"
    lua(TRACKS.format(folder=session, rate=RATE))
    file = session / "band.ardour"
    text = file.read_text()
    sources = []
    for index, name in enumerate(["bass", "harmony"]):
        meter = text.rindex("<Processor", 0, text.index(f'name="meter-{name}"'))
        processor = PROCESSOR.replace("9001", f"{9001 + index}")
        text = text[:meter] + processor + text[meter:]
        notes = [[bass] if name == "bass" else keys for _, keys, bass in CHORDS]
        audio = next((session / "interchange").glob("*/audiofiles"))
        write(audio / f"{name}.wav", notes)
        source, region = f"91{index}1", f"91{index}2"
        sources.append(source_of(f"{name}.wav", source))
        filled = REGION.format(length=SECONDS * CLOCK).replace("9101", source)
        filled = filled.replace("9102", region).replace('name="song"', f'name="{name}"')
        playlist = re.search(rf'<Playlist [^>]*name="{name}"[^>]*/>', text).group()
        text = text.replace(playlist, f"{playlist[:-2]}>{filled}</Playlist>")
    text = text.replace("<Sources/>", f"<Sources>{''.join(sources)}</Sources>")
    file.write_text(text)
    lua(PLAY.format(folder=session, seconds=SECONDS + 1), seconds=SECONDS + 60)
    return [saved(file.read_text(), f"{9001 + index}") for index in range(2)]


def source_of(file, number):
    inside = re.search(r"<Source .*/>", SOURCE, re.S).group()
    return inside.format(file=file).replace("9101", number)


def write(path, chords):
    """The notes as soft saws, mono."""
    samples = array.array("h")
    for index in range(SECONDS * RATE):
        keys = chords[index // (CHORD_S * RATE) % len(chords)]
        within = index % (CHORD_S * RATE) / RATE
        fade = min(1.0, within * 50) * math.exp(-within / 3)
        value = 0.0
        for key in keys:
            turn = 2 * math.pi * 440 * 2 ** ((key - 69) / 12) * within
            value += sum(math.sin(turn * partial) / partial**1.5 for partial in range(1, 9))
        samples.append(int(6000 * fade * value / len(keys) ** 0.5))
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(samples.tobytes())


def saved(text, processor):
    """The chord track in the state of a processor."""
    start = text.index(f'<Processor id="{processor}"')
    chunk = re.search(r"<chunk>([^<]*)</chunk>", text[start:], re.S).group(1)
    state = base64.b64decode(chunk)
    state = json.loads(state[state.index(b"{") : state.rindex(b"}") + 1])
    return json.loads(state["fields"]["track"])


if __name__ == "__main__":
    main()
