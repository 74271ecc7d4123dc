"""Chord recognition: audio in, chords with beats, keys and charts out.

A whole file, or samples that are loaded already::

    import changes

    track = changes.transcribe("song.mp3")
    for (start, end), label in zip(track.intervals, track.labels):
        print(f"{start:7.2f} {end:7.2f}  {label}")
    track.save("song.musicxml")

Samples as they come: :class:`Live`. What the network answers for each frame, for what is
built on it: :func:`posteriors`.

Times are seconds from the beginning of the audio. Labels are in Harte syntax (``A:min7/b3``,
``N`` for no chord), as mir_eval and JAMS have them.
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
