"""The test song, and the command with which the package must agree."""

from __future__ import annotations

import os
import pathlib
import subprocess

import pytest

import changes

ROOT = pathlib.Path(__file__).resolve().parents[2]

#: Real music with beats and keys, 37 s.
SONG = ROOT / "assets" / "demo" / "town-theme.ogg"


@pytest.fixture(scope="session")
def song() -> pathlib.Path:
    return SONG


@pytest.fixture(scope="session")
def track() -> changes.Track:
    return changes.transcribe(SONG)


@pytest.fixture(scope="session")
def command():
    """Runs the built command `changes` and returns its output."""
    program = os.environ["CHANGES_COMMAND"]

    def run(*words: object, stdin: bytes = b"") -> bytes:
        ran = subprocess.run(
            [program, *map(str, words)], input=stdin, capture_output=True, check=True
        )
        return ran.stdout

    return run
