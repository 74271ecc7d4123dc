"""Live recognition: the engine of the plugin."""

from __future__ import annotations

from typing import NamedTuple, Optional, Union

import numpy.typing as npt

from . import _native
from ._samples import channels


class Shown(NamedTuple):
    """A change of the display."""

    #: Seconds of audio that had arrived by then.
    shown_at: float
    #: Where the chord begins, seconds.
    starts_at: float
    #: The chord, in Harte syntax.
    label: str
    #: ``"provisional"``, or ``"confirmed"`` when later audio cannot change it any more.
    state: str
    #: Its probability, 0 to 1.
    confidence: float
    #: Other readings with their probabilities, most probable first.
    alternatives: list[tuple[str, float]]


class Segment(NamedTuple):
    """A final stretch of the track. Segments come in order and without gaps."""

    #: Start in seconds.
    start: float
    #: End in seconds.
    end: float
    #: The chord, in Harte syntax.
    label: str
    #: Its probability, 0 to 1.
    confidence: float
    #: Other readings with their probabilities, most probable first.
    alternatives: list[tuple[str, float]]


#: An event returned by :meth:`Live.push`.
Event = Union[Shown, Segment]


class Live:
    """Recognizes chords live, as the plugin does.

    The events do not depend on how the samples are divided into blocks. Only one thread at a
    time can push; other Python threads run meanwhile.

    Parameters
    ----------
    sr
        The rate of the samples in Hz, 8000 to 384000.
    sensitivity
        How little evidence a change of chord needs, 0 to 1.
    tuning
        The frequency of A4 in Hz, 425 to 455; if ``None``, it is estimated from the music.

    Raises
    ------
    ValueError
        A rate or tuning out of range.
    """

    def __init__(
        self, sr: float, *, sensitivity: float = 0.5, tuning: Optional[float] = None
    ) -> None:
        self._native = _native.Live(float(sr), sensitivity, tuning)

    def push(self, samples: npt.ArrayLike) -> list[Event]:
        """Takes the next samples and returns the resulting events.

        Parameters
        ----------
        samples
            Any number of them: shape ``(samples,)`` or ``(channels, samples)``, with the same
            number of channels each time; types as in :func:`transcribe`.

        Raises
        ------
        ValueError, TypeError
            Samples of another shape or type.
        """
        return [_event(row) for row in self._native.push(channels(samples))]

    def finish(self) -> list[Event]:
        """Ends the input and returns the events of the buffered samples.

        Time begins again with the next samples; the tuning found so far is kept.
        """
        return [_event(row) for row in self._native.finish()]

    def reset(self) -> None:
        """Forgets everything; time begins again."""
        self._native.reset()

    @property
    def now(self) -> float:
        """Seconds of audio pushed so far."""
        return self._native.now_s

    @property
    def latency(self) -> float:
        """Seconds of audio after a moment that are needed to analyse it."""
        return self._native.latency_s

    @property
    def tuning(self) -> Optional[float]:
        """Frequency of A4 in Hz, once it is known."""
        return self._native.tuning_hz


def _event(row: _native._EventRow) -> Event:
    kind, first, second, label, state, confidence, alternatives = row
    if kind == "shown":
        return Shown(first, second, label, state, confidence, alternatives)
    return Segment(first, second, label, confidence, alternatives)
