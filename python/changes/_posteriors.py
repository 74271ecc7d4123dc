"""The network's probabilities for each frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Optional

import numpy as np
import numpy.typing as npt

from . import _native
from ._samples import Audio, source, warn

#: The 170 classes of chords in the order of their columns: 12 roots with 14 qualities each,
#: then ``X`` (a chord of none of them) and ``N`` (no chord).
CHORD_NAMES: tuple[str, ...] = tuple(_native.CHORD_NAMES)

#: The 13 classes of basses in the order of their columns: pitch classes from C, then ``N``.
BASS_NAMES: tuple[str, ...] = tuple(_native.BASS_NAMES)


@dataclass(frozen=True)
class Posteriors:
    """Probabilities of chords and basses, frame by frame.

    Each frame is in two windows of the network, whose log-probabilities are averaged: rows
    sum to slightly less than 1 where the two differ.
    """

    #: Natural logarithms of the probabilities of chords: float32, shape ``(frames, 170)``,
    #: columns as in :data:`CHORD_NAMES`.
    log_chords: npt.NDArray[np.float32]
    #: The same of basses: float32, shape ``(frames, 13)``, columns as in :data:`BASS_NAMES`.
    log_basses: npt.NDArray[np.float32]
    #: Seconds from one frame to the next: 2048 samples at 22050 Hz.
    hop: float
    #: Frequency of A4 in Hz.
    tuning: float

    @property
    def chords(self) -> npt.NDArray[np.float32]:
        """Probabilities of chords, shape ``(frames, 170)``."""
        return np.exp(self.log_chords)

    @property
    def basses(self) -> npt.NDArray[np.float32]:
        """Probabilities of basses, shape ``(frames, 13)``."""
        return np.exp(self.log_basses)

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """The middle of each frame in seconds, shape ``(frames,)``."""
        return np.arange(len(self.log_chords), dtype=np.float64) * self.hop

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.log_chords)


def posteriors(
    audio: Audio,
    sr: Optional[float] = None,
    *,
    tuning: Optional[float] = None,
    progress: Optional[Callable[[float], object]] = None,
) -> Posteriors:
    """The network's probabilities for whole files, before chords are decoded from them.

    Parameters and exceptions are those of :func:`transcribe`.
    """
    path, samples, rate = source(audio, sr)
    chords, basses, hop, a4, warning = _native.posteriors(
        path, samples, rate, tuning, progress
    )
    if warning is not None:
        warn(f"{path}: {warning}")

    def rows(content: bytes, width: int) -> npt.NDArray[np.float32]:
        return np.frombuffer(content, dtype=np.float32).reshape(-1, width)

    return Posteriors(
        rows(chords, len(CHORD_NAMES)), rows(basses, len(BASS_NAMES)), hop, a4
    )
