"""Writes click.{flac,mp3,ogg,m4a,aac} and small.*: a click at 0.5 s, then a tone. Needs ffmpeg.

The click is 1 ms of a 2 kHz oscillation, even around 0.5 s, so that its energy is centred there.
The small ones have one channel at 22.05 kHz. Plain samples in all their containers are made by
the tests themselves.
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
SMALL_RATE = 22050
SMALL = {
    "alac.m4a": ["-c:a", "alac"],
    "alac.caf": ["-c:a", "alac"],
    "opus": ["-c:a", "libopus", "-b:a", "32k"],
    "opus.webm": ["-c:a", "libopus", "-b:a", "32k"],
    "opus.mp4": ["-c:a", "libopus", "-b:a", "32k"],
    "vorbis.mka": ["-c:a", "libvorbis", "-q:a", "1"],
    "flac.mka": ["-c:a", "flac"],
    "flac.ogg": ["-c:a", "flac"],
    "aac.mkv": ["-c:a", "aac", "-b:a", "32k"],
    "mp3.mka": ["-c:a", "libmp3lame", "-b:a", "32k"],
    "mp3.wav": ["-c:a", "libmp3lame", "-b:a", "32k", "-write_xing", "0"],
    "ms.wav": ["-c:a", "adpcm_ms"],
    "ima.wav": ["-c:a", "adpcm_ima_wav"],
    "ima.aifc": ["-c:a", "adpcm_ima_qt", "-f", "aiff"],
    "vbr.mp3": ["-c:a", "libmp3lame", "-q:a", "4", "-write_xing", "0", "-id3v2_version", "0"],
    "mp2": ["-c:a", "mp2", "-b:a", "64k"],
    "ac3.mka": ["-c:a", "ac3", "-ar", "48000", "-b:a", "64k"],
    "wv": ["-c:a", "wavpack"],
    # Big-endian, as QuickTime has it; its index in front.
    "s24.mov": ["-c:a", "pcm_s24be", "-ar", "11025", "-movflags", "faststart"],
}


def click(rate: int) -> np.ndarray:
    time_s = np.arange(rate) / rate
    from_click_s = time_s - 0.5
    mono = 0.8 * np.exp(-((from_click_s / 0.0004) ** 2)) * np.cos(2 * np.pi * 2000 * from_click_s)
    return mono + 0.1 * np.sin(2 * np.pi * 440 * time_s) * (time_s > 0.6)


def encode(samples: np.ndarray, rate: int, prefix: str, codecs: dict[str, list[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "click.wav"
        soundfile.write(wav, samples, rate, subtype="PCM_16")
        for extension, options in codecs.items():
            quiet = ["ffmpeg", "-y", "-hide_banner", "-loglevel", "error", "-i", str(wav)]
            exact = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact"]
            target = str(HERE / f"{prefix}.{extension}")
            subprocess.run([*quiet, *exact, *options, target], check=True)


def main() -> None:
    mono = click(RATE)
    encode(np.stack([mono, mono], 1), RATE, "click", CODECS)
    encode(click(SMALL_RATE), SMALL_RATE, "small", SMALL)


if __name__ == "__main__":
    main()
