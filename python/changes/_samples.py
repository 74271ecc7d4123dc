"""Audio arguments: a path, or an array of any type and layout."""

from __future__ import annotations

import operator
import os
import pathlib
import warnings
from typing import Any, Optional, Union

import numpy as np
import numpy.typing as npt

#: A file.
Path = Union[str, "os.PathLike[str]"]

#: A file, or samples: an array of shape ``(samples,)`` or ``(channels, samples)``.
Audio = Union[Path, npt.ArrayLike]


class AudioWarning(UserWarning):
    """Part of a file could not be decoded, or a chart cannot show a letter."""


def warn(text: Optional[str]) -> None:
    """Warns, attributed to the caller of the package, if there is a text."""
    if text is not None:
        warnings.warn(text, AudioWarning, stacklevel=3)


def source(
    audio: Audio, sr: Optional[float]
) -> tuple[Optional[pathlib.Path], Optional[list[bytes]], Optional[int]]:
    """A path, or the samples of each channel and their rate, in the form of the native module."""
    if isinstance(audio, (str, os.PathLike)):
        if sr is not None:
            raise TypeError("sr is for samples; a file has its own rate")
        return pathlib.Path(audio), None, None
    if sr is None:
        raise TypeError("samples need their rate: transcribe(samples, sr)")
    return None, channels(audio), rate(sr)


def rate(sr: float) -> int:
    """A rate in whole Hz."""
    try:
        return operator.index(sr)  # type: ignore[arg-type]
    except TypeError:
        pass
    if float(sr).is_integer():
        return int(sr)
    raise ValueError(f"sample rate of {sr} Hz: it must be a whole number")


def channels(samples: npt.ArrayLike) -> list[bytes]:
    """32-bit floats of each channel, full scale at ±1, in memory order."""
    array: npt.NDArray[Any] = np.asarray(samples)
    if array.ndim == 1:
        array = array[np.newaxis, :]
    if array.ndim != 2 or array.shape[0] > 64:
        hint = ""
        if array.ndim == 2 and array.shape[1] <= 64:
            hint = "; channels come first, so pass its transpose: samples.T"
        raise ValueError(
            f"samples of shape {np.shape(samples)}: expected (samples,) or "
            f"(channels, samples) with at most 64 channels{hint}"
        )
    kind = array.dtype.kind
    if kind == "i":
        # A power of two: exact for up to 24 bits, and the same as in file decoders.
        array = array.astype(np.float64) / -float(np.iinfo(array.dtype).min)
    elif kind == "u":
        middle = (float(np.iinfo(array.dtype).max) + 1.0) / 2.0
        array = (array.astype(np.float64) - middle) / middle
    elif kind != "f":
        raise TypeError(f"samples of type {array.dtype}: expected real numbers")
    with np.errstate(over="ignore"):
        return [np.ascontiguousarray(it, dtype=np.float32).tobytes() for it in array]
