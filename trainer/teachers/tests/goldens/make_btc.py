"""Writes a small BTC checkpoint with random weights, and PyTorch's output for it.

    pip install torch numpy
    python3 make_btc.py

btc_small.pt has the names and the layout of the original `btc_model_large_voca.pt`
(`model`, and `mean` and `std` as NumPy scalars), but 16 channels and 2 layers.
btc_small.f32 are the probabilities of the first 20 of 108 frames, 20 x 170, for the
features of `features()`.
"""

import math
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

HERE = Path(__file__).parent
BINS, HIDDEN, HEADS, LAYERS, CLASSES, FRAMES = 144, 16, 4, 2, 170, 108
MEAN, STD = -3.2142, 1.5687


def features() -> np.ndarray:
    """Log-compressed frames, which the Rust test reproduces."""
    t, b = np.meshgrid(np.arange(FRAMES), np.arange(BINS), indexing="ij")
    return ((t * 37 + b * 101 + (t * b) % 23) % 64 / 8 - 7).astype(np.float32)


def random_state() -> dict[str, torch.Tensor]:
    """The state dictionary, in the original's names."""
    random = torch.Generator().manual_seed(1)
    state: dict[str, torch.Tensor] = {}

    def add(name: str, *shape: int) -> None:
        fan_in = math.prod(shape[1:]) if len(shape) > 1 else 25
        state[name] = torch.randn(*shape, generator=random) / math.sqrt(fan_in)

    def norm(name: str) -> None:
        add(f"{name}.gamma", HIDDEN)
        state[f"{name}.gamma"] += 1
        add(f"{name}.beta", HIDDEN)

    add("self_attn_layers.embedding_proj.weight", HIDDEN, BINS)
    for layer in range(LAYERS):
        place = f"self_attn_layers.self_attn_layers.{layer}"
        for block in ("attn_block", "backward_attn_block"):
            for part in ("query", "key", "value", "output"):
                add(f"{place}.{block}.multi_head_attention.{part}_linear.weight", HIDDEN, HIDDEN)
            for conv in range(2):
                name = f"{place}.{block}.positionwise_convolution.layers.{conv}.conv"
                add(f"{name}.weight", HIDDEN, HIDDEN, 3)
                add(f"{name}.bias", HIDDEN)
            norm(f"{place}.{block}.layer_norm_mha")
            norm(f"{place}.{block}.layer_norm_ffn")
        add(f"{place}.linear.weight", HIDDEN, 2 * HIDDEN)
        add(f"{place}.linear.bias", HIDDEN)
    norm("self_attn_layers.layer_norm")
    add("output_layer.output_projection.weight", CLASSES, HIDDEN)
    add("output_layer.output_projection.bias", CLASSES)
    # Not used, but in the original's file.
    for name, tensor in torch.nn.LSTM(HIDDEN, HIDDEN // 2, bidirectional=True).state_dict().items():
        state[f"output_layer.lstm.{name}"] = torch.zeros_like(tensor)
    return state


def forward(state: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """Probabilities for standardized frames, implemented from the paper's description."""

    def norm(name: str, x: torch.Tensor) -> torch.Tensor:
        deviation = x.std(-1, keepdim=True) + 1e-6
        x = (x - x.mean(-1, keepdim=True)) / deviation
        return state[f"{name}.gamma"] * x + state[f"{name}.beta"]

    def block(name: str, x: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        h = norm(f"{name}.layer_norm_mha", x)
        part = {
            key: (h @ state[f"{name}.multi_head_attention.{key}_linear.weight"].T)
            .reshape(FRAMES, HEADS, HIDDEN // HEADS)
            .transpose(0, 1)
            for key in ("query", "key", "value")
        }
        scores = part["query"] @ part["key"].transpose(1, 2) / math.sqrt(HIDDEN // HEADS)
        context = F.softmax(scores.masked_fill(hidden, -math.inf), -1) @ part["value"]
        context = context.transpose(0, 1).reshape(FRAMES, HIDDEN)
        x = x + context @ state[f"{name}.multi_head_attention.output_linear.weight"].T
        h = norm(f"{name}.layer_norm_ffn", x).T[None]
        for conv in range(2):
            place = f"{name}.positionwise_convolution.layers.{conv}.conv"
            h = F.relu(F.conv1d(h, state[f"{place}.weight"], state[f"{place}.bias"], padding=1))
        return x + h[0].T

    scales = HIDDEN // 2
    rates = torch.exp(-torch.arange(scales) * math.log(1e4) / (scales - 1))
    angles = torch.arange(FRAMES)[:, None] * rates
    x = x @ state["self_attn_layers.embedding_proj.weight"].T
    x = x + torch.cat([angles.sin(), angles.cos()], 1)
    future = torch.ones(FRAMES, FRAMES).triu(1).bool()
    for layer in range(LAYERS):
        place = f"self_attn_layers.self_attn_layers.{layer}"
        both = torch.cat(
            [
                block(f"{place}.attn_block", x, future),
                block(f"{place}.backward_attn_block", x, future.T),
            ],
            1,
        )
        x = both @ state[f"{place}.linear.weight"].T + state[f"{place}.linear.bias"]
    x = norm("self_attn_layers.layer_norm", x)
    logits = x @ state["output_layer.output_projection.weight"].T
    return F.softmax(logits + state["output_layer.output_projection.bias"], -1)


def main() -> None:
    state = random_state()
    checkpoint = {"model": state, "mean": np.float64(MEAN), "std": np.float64(STD)}
    # In the format of the original, which is older than PyTorch's archives.
    torch.save(checkpoint, HERE / "btc_small.pt", _use_new_zipfile_serialization=False)
    x = (torch.from_numpy(features()) - MEAN) / STD
    forward(state, x)[:20].numpy().astype("<f4").tofile(HERE / "btc_small.f32")


if __name__ == "__main__":
    main()
