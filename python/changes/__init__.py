"""Chord recognition: chords from audio, with beats, keys and charts.

A whole file, or samples that are already loaded::

    import changes

    track = changes.transcribe("song.mp3")
    for (start, end), label in zip(track.intervals, track.labels):
        print(f"{start:7.2f} {end:7.2f}  {label}")
    track.save("song.musicxml")

Live samples: :class:`Live`. The network's probabilities for each frame: :func:`posteriors`.

Times are seconds from the beginning of the audio. Labels are in Harte syntax (``A:min7/b3``,
``N`` for no chord), as in mir_eval and JAMS.
"""

from __future__ import annotations

from ._live import Live, Segment, Shown
from ._native import AudioError, __version__
from ._posteriors import BASS_NAMES, CHORD_NAMES, Posteriors, posteriors
from ._samples import AudioWarning
from ._track import FORMATS, Key, Track, transcribe

__all__ = [
    "BASS_NAMES",
    "CHORD_NAMES",
    "FORMATS",
    "AudioError",
    "AudioWarning",
    "Key",
    "Live",
    "Posteriors",
    "Segment",
    "Shown",
    "Track",
    "__version__",
    "posteriors",
    "transcribe",
]
