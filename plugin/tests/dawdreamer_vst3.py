#!/usr/bin/env python3
"""The built VST3 in DawDreamer, which renders offline but reports real time: bit-exact audio,
parameters, and a long render without losses.

    python3 plugin/tests/dawdreamer_vst3.py target/bundled/Changes.vst3

Needs dawdreamer 0.9.0 beside the packages of requirements.txt. Exits 0 when all checks pass.
"""

import argparse
import json
import re
import sys
import tempfile
import time
from pathlib import Path

import dawdreamer
import numpy as np

from pedalboard_vst3 import from_juce_base64, progression


def load(path, rate, block, audio):
    engine = dawdreamer.RenderEngine(rate, block)
    source = engine.make_playback_processor("source", audio)
    plugin = engine.make_plugin_processor("changes", path)
    engine.load_graph([(source, []), (plugin, ["source"])])
    return engine, plugin


def track_of(plugin):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "state"
        plugin.save_state(str(file))
        saved = file.read_bytes()
    component = re.search(rb"<IComponent>(.*?)</IComponent>", saved)
    state = json.loads(from_juce_base64(component.group(1).decode()))
    return json.loads(state["fields"]["track"])["track"]


def check_audio(path):
    rng = np.random.default_rng(1)
    for rate in (8000, 44100, 96000, 192000):
        for block in (1, 64, 512, 8192):
            frames = 64 if block == 1 else 4 * 8192
            audio = rng.uniform(-1, 1, (2, frames)).astype(np.float32)
            engine, _ = load(path, rate, block, audio)
            engine.render(frames / rate)
            out = engine.get_audio()[:, :frames]
            assert out.shape == audio.shape and (out == audio).all(), (rate, block)


def check_parameters(path):
    engine, plugin = load(path, 44100, 512, np.zeros((2, 512), np.float32))
    names = [plugin.get_parameter_name(i) for i in range(plugin.get_plugin_parameter_size())]
    # Controllers come in as hidden parameters, which this host lists too.
    own = [index for index, name in enumerate(names) if not name.startswith("MIDI Ch. ")]
    assert len(own) >= 14, names[:20]
    assert len(names) - len(own) == 16 * 130, len(names)
    for index in [*own, len(names) - 1]:
        for value in (0.0, 1.0, plugin.get_parameter(index)):
            plugin.set_parameter(index, value)
            engine.render(0.01)


def check_long_render(path):
    rate = 48000
    audio = np.tile(progression(rate), 4)
    seconds = len(audio) / rate
    engine, plugin = load(path, rate, 512, np.stack([audio, audio]))
    engine.render(seconds)
    started = time.monotonic()
    while True:
        segments = track_of(plugin)["segments"]
        if segments and segments[-1]["end_s"] >= seconds - 0.2:
            break
        assert time.monotonic() - started < 300, f"the track stops at {segments[-1:]}"
        time.sleep(0.2)
    lost = [s for s in segments if s["label"] == "X" and s["confidence"] == 0]
    assert not lost, f"audio was lost: {lost}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("plugin", help="path of Changes.vst3")
    path = parser.parse_args().plugin
    for check in (check_audio, check_parameters, check_long_render):
        check(path)
        print(f"{check.__name__.removeprefix('check_')}: ok", flush=True)


if __name__ == "__main__":
    sys.exit(main())
