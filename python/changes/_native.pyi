from os import PathLike
from typing import Callable, Optional, final

__version__: str
CHORD_NAMES: list[str]
BASS_NAMES: list[str]
FORMATS: list[tuple[str, list[str], str]]

_EventRow = tuple[
    str, float, float, str, str, float, list[tuple[str, float]]
]

class AudioError(ValueError):
    """A file that cannot be read as audio: no audio, an unknown codec, damaged, or too long."""

@final
class Live:
    def __new__(
        cls, rate: float, sensitivity: float, tuning_hz: Optional[float] = None
    ) -> Live: ...
    def push(self, samples: list[bytes]) -> list[_EventRow]: ...
    def finish(self) -> list[_EventRow]: ...
    def reset(self) -> None: ...
    @property
    def now_s(self) -> float: ...
    @property
    def latency_s(self) -> float: ...
    @property
    def tuning_hz(self) -> Optional[float]: ...

@final
class Track:
    def rows(
        self,
    ) -> list[tuple[float, float, str, float, list[tuple[str, float]]]]: ...
    def beats(self) -> tuple[list[float], list[int]]: ...
    def keys(self) -> list[tuple[float, str]]: ...
    def tempo(self) -> Optional[float]: ...
    def meter(self) -> Optional[str]: ...
    def tuning_hz(self) -> float: ...
    def length_s(self) -> float: ...
    def title(self) -> Optional[str]: ...
    def warning(self) -> Optional[str]: ...
    def export(
        self,
        format: str,
        title: Optional[str],
        composer: Optional[str],
        style: str,
        voicing: str,
    ) -> tuple[bytes, Optional[str]]: ...
    def save(
        self,
        path: str | PathLike[str],
        format: Optional[str],
        title: Optional[str],
        composer: Optional[str],
        style: str,
        voicing: str,
    ) -> Optional[str]: ...

def transcribe(
    path: str | PathLike[str] | None,
    samples: Optional[list[bytes]],
    rate: Optional[int],
    *,
    vocabulary: str,
    beats: bool,
    bpm: Optional[float],
    meter: Optional[str],
    key: Optional[str],
    tuning_hz: Optional[float],
    progress: Optional[Callable[[float], object]],
) -> Track: ...
def posteriors(
    path: str | PathLike[str] | None,
    samples: Optional[list[bytes]],
    rate: Optional[int],
    tuning_hz: Optional[float] = None,
    progress: Optional[Callable[[float], object]] = None,
) -> tuple[bytes, bytes, float, float, Optional[str]]: ...
