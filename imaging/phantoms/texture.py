"""Noise with the grain of tissue and of a scanner, made once per seed and shifted from slice to slice."""

from functools import lru_cache

import numpy as np

from imaging.phantoms.anatomy import Array

SIZE = 512


@lru_cache(maxsize=16)
def grain(seed: int, coarse: float, stretch: float = 1.0) -> Array:
    """Smooth noise of unit variance whose blobs are about `coarse` pixels wide, `stretch` times as tall."""
    random = np.random.default_rng(seed)
    white = np.fft.rfft2(random.standard_normal((SIZE, SIZE), np.float32))
    down = np.fft.fftfreq(SIZE)[:, None] * stretch
    over = np.fft.rfftfreq(SIZE)[None, :]
    keep = np.exp(-((down**2 + over**2) * (np.pi * coarse) ** 2) / 2)
    keep[0, 0] = 0.0
    made = np.fft.irfft2(white * keep, (SIZE, SIZE))
    return np.asarray(made / made.std(), np.float32)


@lru_cache(maxsize=4)
def white(seed: int) -> Array:
    """White noise of unit variance."""
    return np.random.default_rng(seed).standard_normal((SIZE, SIZE), np.float32)


def shifted(texture: Array, place: int, shape: tuple[int, int]) -> Array:
    """A cut of a texture; neighbouring places differ, the same place is the same again."""
    rows = (place * 131 + np.arange(shape[0])) % SIZE
    columns = (place * 277 + np.arange(shape[1])) % SIZE
    return texture[np.ix_(rows, columns)]


def softened(image: Array) -> Array:
    """The image through a small point spread, as a scanner's finite sampling gives it."""
    padded = np.pad(image, 1, mode="edge")
    down = padded[:-2] + 2.2 * padded[1:-1] + padded[2:]
    return (down[:, :-2] + 2.2 * down[:, 1:-1] + down[:, 2:]) / np.float32(4.2**2)
