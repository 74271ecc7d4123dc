"""The README's examples, and the type hints."""

from __future__ import annotations

import pathlib
import re
import shutil
import subprocess
import sys

import pytest

import changes

PACKAGE = pathlib.Path(__file__).resolve().parents[1]


def blocks() -> list[str]:
    text = (PACKAGE / "README.md").read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)


@pytest.mark.parametrize("code", blocks())
def test_the_readme_runs(song, command, tmp_path, code):
    shutil.copy(song, tmp_path / "song.ogg")
    command("transcribe", song, "-o", tmp_path / "song.lab")
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    if "mir_eval" in code:
        # librosa does not decode bit for bit like the command.
        assert float(ran.stdout.split()[-1]) > 0.95


def test_the_readme_has_examples():
    assert len(blocks()) >= 3


def test_types_hold(tmp_path):
    folder = pathlib.Path(changes.__file__).parent
    assert (folder / "py.typed").exists()
    for words in (
        ["mypy", "--strict", "--package", "changes"],
        ["mypy.stubtest", "changes._native", "--ignore-missing-stub"],
    ):
        ran = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
