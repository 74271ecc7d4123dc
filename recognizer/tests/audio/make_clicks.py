"""Writes click.{flac,mp3,ogg,m4a,aac}: a click at 0.5 s, then a tone. Needs ffmpeg.

The click is 1 ms of a 2 kHz oscillation, even around 0.5 s, so that its energy is centred there.
"""

import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile

HERE = Path(__file__).parent
RATE = 44100
CODECS = {
    "flac": ["-c:a", "flac", "-sample_fmt", "s16"],
    "mp3": ["-c:a", "libmp3lame", "-b:a", "64k"],
    "ogg": ["-c:a", "libvorbis", "-q:a", "1"],
    "m4a": ["-c:a", "aac", "-b:a", "64k"],
    "aac": ["-c:a", "aac", "-b:a", "64k", "-f", "adts"],
}


def main() -> None:
    time_s = np.arange(RATE) / RATE
    from_click_s = time_s - 0.5
    mono = 0.8 * np.exp(-((from_click_s / 0.0004) ** 2)) * np.cos(2 * np.pi * 2000 * from_click_s)
    mono += 0.1 * np.sin(2 * np.pi * 440 * time_s) * (time_s > 0.6)
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "click.wav"
        soundfile.write(wav, np.stack([mono, mono], 1), RATE, subtype="PCM_16")
        for extension, options in CODECS.items():
            quiet = ["ffmpeg", "-y", "-hide_banner", "-loglevel", "error", "-i", str(wav)]
            exact = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact"]
            subprocess.run([*quiet, *exact, *options, str(HERE / f"click.{extension}")], check=True)


if __name__ == "__main__":
    main()
