"""Writes cqt.f32: librosa's constant-Q magnitudes of clip.wav.

    python3 make_cqt.py            # from the committed clip
    python3 make_cqt.py SONG_DIR   # cut the clip again (see NOTICE.md), then the same

cqt.f32 is little-endian f32, frames x 144 bins, hop 512.
"""

import sys
from pathlib import Path

import librosa
import numpy as np
import soundfile

HERE = Path(__file__).parent
CLIP = HERE / "clip.wav"
SAMPLE_RATE = 22050
START_S, LENGTH_S = 62.0, 8.0


def cut_clip(song_dir: Path) -> None:
    """Mixes the song's two tracks to mono and keeps LENGTH_S seconds of it."""
    tracks = [
        librosa.load(song_dir / name, sr=SAMPLE_RATE, offset=START_S, duration=LENGTH_S)[0]
        for name in ("song.ogg", "guitar.ogg")
    ]
    mix = sum(tracks)
    mix *= 0.8 / np.abs(mix).max()
    soundfile.write(CLIP, mix, SAMPLE_RATE, subtype="PCM_16")


def main() -> None:
    if len(sys.argv) > 1:
        cut_clip(Path(sys.argv[1]))
    samples, rate = soundfile.read(CLIP, dtype="float32")
    assert rate == SAMPLE_RATE and samples.ndim == 1
    magnitudes = np.abs(
        librosa.cqt(
            samples,
            sr=SAMPLE_RATE,
            hop_length=512,
            fmin=librosa.note_to_hz("C1"),
            n_bins=144,
            bins_per_octave=24,
        )
    )
    magnitudes.T.astype("<f4").tofile(HERE / "cqt.f32")
    print(f"{magnitudes.shape[1]} frames, largest magnitude {magnitudes.max():.3f}")


if __name__ == "__main__":
    main()
