"""Samples as they come: the engine of the plugin."""

from __future__ import annotations

from typing import NamedTuple, Optional, Union

import numpy.typing as npt

from . import _native
from ._samples import channels


class Shown(NamedTuple):
    """The display changes."""

    #: Seconds of audio that had been heard by then.
    shown_at: float
    #: Where the chord begins, seconds.
    starts_at: float
    #: The chord, in Harte syntax.
    label: str
    #: ``"provisional"`` or, where later audio does not change it any more, ``"confirmed"``.
    state: str
    #: How probable the network finds it, 0 to 1.
    confidence: float
    #: What else it could be, with probabilities, most probable first.
    alternatives: list[tuple[str, float]]


class Segment(NamedTuple):
    """A stretch of the track is final. Segments come in order and without gaps."""

    #: Seconds.
    start: float
    #: Seconds.
    end: float
    #: The chord, in Harte syntax.
    label: str
    #: How probable the network finds it, 0 to 1.
    confidence: float
    #: What else it could be, with probabilities, most probable first.
    alternatives: list[tuple[str, float]]


#: What :meth:`Live.push` gives out.
Event = Union[Shown, Segment]


class Live:
    """Reads chords from samples as they come, as the plugin does.

    What comes out does not depend on how the samples are cut into blocks. One thread at a
    time gets to push; other threads of Python run meanwhile.

    Parameters
    ----------
    sr
        The rate of the samples in Hz, 8000 to 384000.
    sensitivity
        How little evidence a change of chord needs, 0 to 1.
    tuning
        The frequency of A4 in Hz, 425 to 455; without it, that of the music is found.

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
        """Takes the next samples, and gives the events that they bring.

        Parameters
        ----------
        samples
            Any number of them: shape ``(samples,)`` or ``(channels, samples)``, as many
            channels each time; types as in :func:`transcribe`.

        Raises
        ------
        ValueError, TypeError
            Samples of another shape or type.
        """
        return [_event(row) for row in self._native.push(channels(samples))]

    def finish(self) -> list[Event]:
        """Ends the input, and gives the events of what was still inside.

        Time begins anew with the next samples; the tuning that was found stays.
        """
        return [_event(row) for row in self._native.finish()]

    def reset(self) -> None:
        """Forgets everything; time begins anew."""
        self._native.reset()

    @property
    def now(self) -> float:
        """Seconds that were pushed."""
        return self._native.now_s

    @property
    def latency(self) -> float:
        """Seconds of audio that a moment needs behind it until it is heard."""
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
