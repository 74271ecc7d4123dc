"""Progress, Ctrl-C, and other threads during the work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import changes

#: Three minutes of noise: some seconds of work.
LONG = np.random.default_rng(1).normal(0, 0.1, 180 * 22050).astype(np.float32)


def test_progress_goes_from_nothing_to_all(song):
    shares: list[float] = []
    changes.transcribe(song, progress=shares.append)
    assert shares == sorted(shares) and shares[-1] == 1 and len(shares) > 5
    assert threading.current_thread() is threading.main_thread()


def test_an_exception_in_progress_stops_the_work():
    class Enough(Exception):
        pass

    def stop(share: float) -> None:
        if share > 0.4:
            raise Enough

    with pytest.raises(Enough):
        changes.transcribe(LONG, 22050, progress=stop)
    with pytest.raises(TypeError):
        changes.transcribe(LONG, 22050, progress=3)


def test_ctrl_c_stops_the_work():
    program = (
        "import changes, numpy as np, signal, sys\n"
        # Those that a shell starts in the background ignore it.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "samples = np.random.default_rng(1).normal(0, 0.1, 1800 * 22050)\n"
        "def tell(share):\n"
        "    print(share, flush=True)\n"
        "try:\n"
        "    changes.transcribe(samples, 22050, progress=tell)\n"
        "except KeyboardInterrupt:\n"
        "    sys.exit(7)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    start = time.monotonic()
    os.kill(child.pid, signal.SIGINT)
    assert child.wait(60) == 7
    assert time.monotonic() - start < 20


def test_other_threads_run_meanwhile():
    ticks = 0
    done = threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    changes.transcribe(LONG, 22050)
    live = changes.Live(22050)
    live.push(LONG)
    done.set()
    thread.join()
    assert ticks > 50


def test_threads_get_the_same_answer(song, track):
    found: list[changes.Track] = []
    work = [
        threading.Thread(target=lambda: found.append(changes.transcribe(song)))
        for _ in range(3)
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert [it.to_lab() for it in found] == [track.to_lab()] * 3
