"""Writes the seeds of the fuzz targets that are made by hand: seeds/TARGET/NAME.

The weights are written by `cargo run --release --package networks --example small_weights
fuzz/seeds/weights`; some of audio and checkpoint are links to files of other tests. Needs
soundfile.
"""

import io
import json
import math
import struct
from pathlib import Path

import soundfile

HERE = Path(__file__).parent


def put(target: str, name: str, content: bytes | str) -> None:
    folder = HERE / "seeds" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def link(target: str, name: str, to: str) -> None:
    folder = HERE / "seeds" / target
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.unlink(missing_ok=True)
    path.symlink_to(Path("../../..") / to)


def labels() -> None:
    texts = {
        "harte": "F#:hdim7(*b5,11)/b7",
        "degrees": "Bb:(1,b3,5,bb7,9)",
        "symbol": "Cmaj7#11/G",
        "jazz": "B♭7(♭9,♯11)/D",
        "short": "Aø7",
        "none": "N",
        "key": "Gb:min",
    }
    for name, text in texts.items():
        put("label", name, text)


def tracks() -> None:
    put("lab", "song", "0.0\t1.5\tC:maj\n1.5\t2.0\tG:7/3\n\n# a comment\n2.0 3.25 N\n4 5e0 X\n")
    put("lab", "windows", "\ufeff0 1 C\r\n1.0004 2 F#:min7\r\n")
    data = [
        {"time": 0, "duration": 1.5, "value": "C:maj", "confidence": 0.5},
        {"time": 1.5, "duration": 1e0, "value": "G:7", "confidence": None},
    ]
    song = {
        "annotations": [
            {"namespace": "beat", "data": []},
            {"namespace": "chord", "data": data, "sandbox": {}},
        ],
        "file_metadata": {"title": "A \u266d", "duration": 2.5},
    }
    put("jams", "song", json.dumps(song))
    # As the Python library of JAMS writes unknown values.
    data[0]["confidence"] = float("nan")
    data[1]["confidence"] = float("-inf")
    put("jams", "nan", json.dumps(song))


def charts() -> None:
    put("chart", "plain", "Song\nC major | 4/4 | 120 bpm\n\n[A]\n|: Am | F . C . | % :| x3\nB: | N.C. | 1. G7/B :|\n")
    put("chart", "grid", '{title: Song}\n{time: 3/4}\n{sog: label="A" shape="4x3"}\n|: Am . F~G | % :| 3x\n{eog}\n')
    put("chart", "lyrics", "{soc}\n[Am]Some [F/A]words\n{eoc}\n{chorus}\n[*Coda]\n")
    put("chart", "ireal", "irealbook://Song=Doe John=Swing=C=n=[*AT44C^7   |A-7 x |D-9 G7#5 ]{<3x>BF6  sF-6 |N1C/E   }|N2Co7 W/G r|Z")
    put(
        "chart",
        "musicxml",
        '<score-partwise><part><measure number="1"><attributes><divisions>4</divisions>'
        "<key><fifths>-1</fifths></key><time><beats>3</beats><beat-type>4</beat-type></time></attributes>"
        '<barline><repeat direction="forward"/></barline><harmony><root><root-step>B</root-step>'
        "<root-alter>-1</root-alter></root><kind>dominant</kind><bass><bass-step>D</bass-step></bass><degree>"
        "<degree-value>9</degree-value><degree-alter>1</degree-alter><degree-type>add</degree-type></degree>"
        "<offset>2</offset></harmony><note><rest/><duration>12</duration></note>"
        '<barline><repeat direction="backward" times="3"/></barline></measure></part></score-partwise>',
    )
    put("chart", "lab", "0.0 1.5 C:maj\n1.5 2.0 G:7/3\n")


def variable(number: int) -> bytes:
    parts = [number & 0x7F]
    while number := number >> 7:
        parts.insert(0, (number & 0x7F) | 0x80)
    return bytes(parts)


def midi() -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return kind + struct.pack(">I", len(content)) + content

    def track(name: bytes, *events: tuple[int, bytes]) -> bytes:
        content = b"\0\xff\x03" + variable(len(name)) + name
        content += b"".join(variable(delta) + event for delta, event in events)
        return chunk(b"MTrk", content + b"\0\xff\x2f\0")

    song = chunk(b"MThd", struct.pack(">HHH", 1, 4, 480))
    song += track(b"tempo", (0, b"\xff\x51\x03\x07\xa1\x20"), (960, b"\xff\x51\x03\x06\x1a\x80"))
    song += track(
        b"MELODY",
        (0, b"\x90\x48\x60"),
        (480, b"\x80\x48\0"),
        (0, b"\x90\x4a\x60"),
        (480, b"\x90\x4a\0"),
    )
    song += track(b"BRIDGE", (0, b"\x91\x40\x40"), (480, b"\x81\x40\x40"))
    song += track(
        b"PIANO",
        (0, b"\x92\x30\x50"),
        (0, b"\x34\x50"),
        (960, b"\x30\0"),
        (0, b"\x34\0"),
    )
    good = HERE / "good"
    good.mkdir(exist_ok=True)
    (good / "song.mid").write_bytes(song)
    markers = [(0, b"C"), (480, b"Am7/G"), (1440, b"Verse"), (0, b"G7")]
    events = [(delta, b"\xff\x06" + variable(len(text)) + text) for delta, text in markers]
    meter = (0, b"\xff\x58\x04\x03\x02\x18\x08")
    chart = chunk(b"MThd", struct.pack(">HHH", 0, 1, 480)) + track(b"Song", meter, *events)
    put("chart", "midi", chart)
    put("midi", "midi", b"\0" + song)
    put("midi", "beats", b"\x010.0 1.0 1.0\n0.5 0.0 0.0\n1.0 1.0 0.0\n")
    put("midi", "chords", b"\x020.0 1.0 C:maj\n1.0 2.0 G:7/3\n2.0 2.5 N\n")
    put("midi", "key", b"\x030.0 2.5 Gb:min\n")


def manifest() -> None:
    track = {
        "id": "one-1",
        "path": "audio/one.ogg",
        "duration_s": 12.5,
        "sha256": "0f" * 32,
        "licence": "CC0-1.0",
        "source": "here",
        "split": "valid",
        "labels": "one.lab",
    }
    other = track | {"id": "two", "labels": None, "split": "test"}
    lines = [{"corpus": "small", "version": 1}, track, other]
    put("manifest", "small", "".join(json.dumps(line) + "\n" for line in lines))


def state() -> None:
    segments = [
        {
            "start_s": 0.0,
            "end_s": 2.0,
            "label": "A:min",
            "confidence": 0.9,
            "status": "confirmed",
            "locked": True,
            "alternatives": [{"label": "C:maj6", "probability": 0.06}],
        },
        {
            "start_s": 2.0,
            "end_s": 3.5,
            "label": "G:7/3",
            "confidence": 0.4,
            "status": "provisional",
        },
    ]
    track = {
        "version": 1,
        "info": {"title": "T", "composer": "", "bars_per_line": 4},
        "tempo": {"points": [{"time_s": 0.0, "beat": 0.0}], "last_bpm": 120.0},
        "metres": [{"beat": 0.0, "metre": "4/4"}, {"beat": 8.0, "metre": "7/8"}],
        "keys": [{"beat": 0.0, "key": "A:min"}],
        "sections": [{"beat": 0.0, "label": "A"}],
        "segments": segments,
    }
    old = {"start_s": 0.0, "end_s": 1.86, "start_beat": 0.0, "end_beat": 4.0}
    old |= {"label": "C:maj", "confidence": 0.93, "confirmed": True}
    sessions = {
        "session": {"version": 2, "clock": "host", "track": track},
        "old": {"version": 1, "clock": "stream", "segments": [old]},
    }
    for name, session in sessions.items():
        saved = {
            "version": "0.1.0",
            "params": {
                "style": {"string": "roman"},
                "hold": {"f32": 0.25},
                "freeze": {"bool": True},
                "midi-channel": {"i32": 3},
            },
            "fields": {
                "editor-size": '{"width":960.0,"height":600.0}',
                "window": "{}",
                "track": json.dumps(session),
            },
        }
        put("state", name, b" " + json.dumps(saved).encode())
        # The session alone, as in the state's field.
        put("state", f"{name}-field", b"#" + json.dumps(session).encode())


def audio() -> None:
    for kind in ["aac", "m4a"]:
        link("audio", f"click.{kind}", f"recognizer/tests/audio/click.{kind}")
    for kind in ["alac.caf", "alac.m4a", "ima.aifc", "mp2", "opus", "opus.webm", "vorbis.mka"]:
        link("audio", f"small.{kind}", f"recognizer/tests/audio/small.{kind}")
    # Short, so that fuzzing runs many per second.
    tone = [0.2 * math.sin(n / 9) for n in range(1000)]
    for kind, rate in [("flac", 8000), ("ogg", 8000), ("mp3", 16000)]:
        written = io.BytesIO()
        soundfile.write(written, tone, rate, format=kind.upper())
        put("audio", f"tone.{kind}", written.getvalue())
    wave = [round(8000 * math.sin(n / 9)) for n in range(800)]
    data = struct.pack("<800h", *wave)
    head = struct.pack("<HHIIHH", 1, 2, 8000, 32000, 4, 16)
    chunks = b"fmt " + struct.pack("<I", 16) + head + b"data" + struct.pack("<I", len(data)) + data
    put("audio", "tone.wav", b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)
    # The other containers of plain samples.
    sizes = b"ds64" + struct.pack("<IQQQI", 28, 0, len(data), 400, 0)
    put("audio", "tone.rf64", b"RF64" + b"\xff" * 4 + b"WAVE" + sizes + chunks)
    tail = bytes.fromhex("f3acd3118cd100c04f8edb8a")
    parts = b"fmt " + tail + struct.pack("<Q", 40) + head
    parts += b"data" + tail + struct.pack("<Q", 24 + len(data)) + data
    riff = b"riff" + bytes.fromhex("2e91cf11a5d628db04c10000")
    put("audio", "tone.w64", riff + struct.pack("<Q", 40 + len(parts)) + b"wave" + tail + parts)
    put("audio", "tone.au", b".snd" + struct.pack(">IIIII", 24, len(data), 3, 8000, 2) + data)
    rate = struct.pack(">HQ", 16383 + 12, 8000 << 51)
    common = b"COMM" + struct.pack(">IHIH", 18, 2, 400, 16) + rate
    sound = b"SSND" + struct.pack(">III", 8 + len(data), 0, 0) + data
    put("audio", "tone.aiff", b"FORM" + struct.pack(">I", 46 + len(data)) + b"AIFF" + common + sound)
    described = struct.pack(">d4sIIIII", 8000.0, b"lpcm", 2, 4, 1, 2, 16)
    caf = b"caff\0\x01\0\0desc" + struct.pack(">q", 32) + described
    put("audio", "tone.caf", caf + b"data" + struct.pack(">qI", 4 + len(data), 0) + data)
    link("checkpoint", "btc.pt", "trainer/teachers/tests/goldens/btc_small.pt")
    link("checkpoint", "keras.h5", "trainer/teachers/tests/goldens/crema_small.h5")


if __name__ == "__main__":
    labels()
    tracks()
    charts()
    midi()
    manifest()
    state()
    audio()
