"""The random weights of the goldens, which the Rust tests reproduce."""

import numpy as np


def formula(name: str, count: int, reach: float) -> np.ndarray:
    """Numbers within +-reach, which the Rust tests reproduce."""
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = (state ^ byte) * 0x100000001B3 % 2**64
    numbers = np.empty(count, np.float32)
    for i in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        numbers[i] = np.float32(state >> 40) / np.float32(2**23) - np.float32(1)
    return numbers * np.float32(reach)
