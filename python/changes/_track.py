"""Whole files: the chord track of a song."""

from __future__ import annotations

from typing import Callable, NamedTuple, Optional

import numpy as np
import numpy.typing as npt

from . import _native
from ._samples import Audio, Path, source, warn

#: Names of the formats of :meth:`Track.save` with their extensions (the usual one first) and
#: descriptions.
FORMATS: dict[str, tuple[tuple[str, ...], str]] = {
    name: (tuple(extensions), title) for name, extensions, title in _native.FORMATS
}


class Key(NamedTuple):
    """A key and its start."""

    #: Start in seconds.
    start: float
    #: As in ``Eb:maj`` or ``F#:min``.
    name: str


class Track:
    """The chords of a song with its beats, keys, tempo and tuning.

    Made by :func:`transcribe`.

    Attributes
    ----------
    intervals : ndarray of float64, shape (n, 2)
        Start and end of each chord in seconds, without gaps, as for mir_eval.
    labels : list of str, n of them
        The chords in Harte syntax, spelled by the key: ``Bb:maj7``, ``A:min/b3``, ``N``.
    confidences : ndarray of float64, shape (n,)
        The probability of each chord, 0 to 1.
    alternatives : list of lists of (label, probability)
        Other readings of each chord, most probable first.
    beats : ndarray of float64, shape (b,)
        Times of the beats in seconds; empty where the music has no steady beat.
    beat_numbers : ndarray of int64, shape (b,)
        The number of each beat in its bar, from 1.
    downbeats : ndarray of float64
        Those of ``beats`` with the number 1.
    keys : list of Key
        All keys with their starts.
    key : str or None
        The key that holds longest.
    tempo : float or None
        Median tempo in quarter notes a minute.
    meter : str or None
        As in ``4/4``.
    tuning : float
        Frequency of A4 in Hz.
    duration : float
        Length of the audio in seconds.
    title : str or None
        The name of the file without its extension.
    warning : str or None
        What is missing if the file could not be fully decoded.
    """

    def __init__(self, native: _native.Track) -> None:
        self._native = native
        rows = native.rows()
        self.intervals: npt.NDArray[np.float64] = np.array(
            [(start, end) for start, end, *_ in rows], dtype=np.float64
        ).reshape(-1, 2)
        self.labels: list[str] = [row[2] for row in rows]
        self.confidences: npt.NDArray[np.float64] = np.array(
            [row[3] for row in rows], dtype=np.float64
        )
        self.alternatives: list[list[tuple[str, float]]] = [row[4] for row in rows]
        times, numbers = native.beats()
        self.beats: npt.NDArray[np.float64] = np.array(times, dtype=np.float64)
        self.beat_numbers: npt.NDArray[np.int64] = np.array(numbers, dtype=np.int64)
        self.downbeats: npt.NDArray[np.float64] = self.beats[self.beat_numbers == 1]
        self.duration: float = native.length_s()
        self.keys: list[Key] = [Key(start, name) for start, name in native.keys()]
        self.key: Optional[str] = _longest(self.keys, self.duration)
        self.tempo: Optional[float] = native.tempo()
        self.meter: Optional[str] = native.meter()
        self.tuning: float = native.tuning_hz()
        self.title: Optional[str] = native.title()
        self.warning: Optional[str] = native.warning()

    def __len__(self) -> int:
        """Number of chords."""
        return len(self.labels)

    def __repr__(self) -> str:
        title = "" if self.title is None else f"{self.title!r}, "
        return f"<changes.Track {title}{len(self)} chords in {self.duration:.1f} s>"

    def to_lab(self) -> str:
        """The label file: start, end (seconds, six decimals) and label on a line, with tabs."""
        return self.export("lab").decode()

    def to_jams(self) -> str:
        """The JAMS file as text; ``jams.load(io.StringIO(text))`` reads it."""
        return self.export("jams").decode()

    def export(
        self,
        format: str,
        *,
        title: Optional[str] = None,
        composer: Optional[str] = None,
        style: str = "jazz",
        voicing: str = "close",
    ) -> bytes:
        """What :meth:`save` writes, as bytes.

        Parameters
        ----------
        format
            A name of :data:`FORMATS`, or an extension: ``"musicxml"``, ``"mid"``, ``"pdf"`` …
        title, composer, style, voicing
            As in :meth:`save`.

        Raises
        ------
        ValueError
            An unknown format, style or voicing; a track that the format cannot express.
        """
        content, shortfall = self._native.export(
            format, title=title, composer=composer, style=style, voicing=voicing
        )
        warn(shortfall)
        return content

    def save(
        self,
        path: Path,
        *,
        format: Optional[str] = None,
        title: Optional[str] = None,
        composer: Optional[str] = None,
        style: str = "jazz",
        voicing: str = "close",
    ) -> None:
        """Writes the track to a file, whole or, on any error, not at all.

        Parameters
        ----------
        path
            The file; an existing one is replaced.
        format
            A name of :data:`FORMATS`; if ``None``, the extension of the file decides.
        title
            The title of charts; if ``None``, that of the audio file.
        composer
            The composer of the song.
        style
            The style of chords in charts: ``jazz``, ``plain``, ``harte``, ``roman``, ``nashville``.
        voicing
            How chords become notes of a MIDI file: ``close``, ``open``, ``drop2``, ``shell``,
            ``guitar``, ``pad``.

        Raises
        ------
        ValueError
            An unknown format, style or voicing; a track that the format cannot express.
        OSError
            The file cannot be written.
        """
        shortfall = self._native.save(
            path, format, title=title, composer=composer, style=style, voicing=voicing
        )
        warn(shortfall)


def transcribe(
    audio: Audio,
    sr: Optional[float] = None,
    *,
    vocabulary: str = "inversions",
    beats: bool = True,
    bpm: Optional[float] = None,
    meter: Optional[str] = None,
    key: Optional[str] = None,
    tuning: Optional[float] = None,
    progress: Optional[Callable[[float], object]] = None,
) -> Track:
    """Finds the chords of a whole file, or of samples.

    The result is that of the command ``changes transcribe``, bit for bit. Other threads of
    Python run meanwhile, and Ctrl-C stops it.

    Parameters
    ----------
    audio
        A path (WAV, AIFF, CAF, FLAC, MP3, AAC, M4A, Ogg, Opus, Matroska, WebM), or samples of
        shape ``(samples,)`` or ``(channels, samples)``: floats with full scale at ±1, or
        integers over their whole range. Two channels are mixed as in files.
    sr
        The rate of samples in Hz, 8000 to 384000; ``None`` for a path.
    vocabulary
        How finely chords are distinguished: ``majmin`` (25 classes), ``large`` (170) or
        ``inversions`` (those with bass and extensions).
    beats
        Whether to find beats, on which chords then change.
    bpm
        The tempo in quarter notes a minute, 4 to 1000, if it is known and steady.
    meter
        The meter, if it is known: ``"3/4"``.
    key
        The key that spells the chords, if it is known: ``"Eb:maj"``.
    tuning
        The frequency of A4 in Hz, 425 to 455, if it is known; else it is estimated.
    progress
        Called with the share done, 0 to 1, never decreasing. An exception in it stops
        the work and is raised here.

    Returns
    -------
    Track
        Without chords if there are no samples.

    Raises
    ------
    OSError
        The file does not exist or cannot be read (:class:`FileNotFoundError` and the like).
    AudioError
        The file is not readable audio. It is a :class:`ValueError`.
    ValueError, TypeError
        Another argument is invalid; the message names it.

    Warns
    -----
    AudioWarning
        A part of the file could not be decoded; see :attr:`Track.warning`.
    """
    path, samples, rate = source(audio, sr)
    native = _native.transcribe(
        path,
        samples,
        rate,
        vocabulary=vocabulary,
        beats=beats,
        bpm=bpm,
        meter=meter,
        key=key,
        tuning_hz=tuning,
        progress=progress,
    )
    track = Track(native)
    if track.warning is not None:
        warn(f"{path}: {track.warning}")
    return track


def _longest(keys: list[Key], end: float) -> Optional[str]:
    held: dict[str, float] = {}
    ends = [key.start for key in keys[1:]] + [end]
    for key, until in zip(keys, ends):
        held[key.name] = held.get(key.name, 0.0) + until - key.start
    return max(held, key=lambda name: held[name], default=None)
