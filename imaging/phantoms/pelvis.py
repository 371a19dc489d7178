"""The sacral wings, the iliac bones, and a transverse process that has joined the sacrum."""

import numpy as np

from imaging.phantoms.anatomy import Array, Vertebra
from imaging.phantoms.paint import CORTEX, MARROW, MUSCLE, Canvas, Patch, cut, ellipsoid, rounded


def wing(patch: Patch, u: Array, v: Array, body: Vertebra) -> None:
    """The ala beside a sacral body."""
    size = body.half_depth / 15.5
    side = np.abs(patch.x)
    lean = 0.20 * (side - 20.0)
    shape = cut(ellipsoid((side - 16.0, 34.0 * size), (u - 5.0 - lean, 15.0 * size)),
                np.abs(v + 0.10 * (side - 20.0)) - body.half_height)
    patch.lay(shape, CORTEX)
    patch.lay(shape + 1.3, MARROW)
    hole = ellipsoid((side - 17.5, 4.5), (v + body.half_height, 5.0))
    patch.lay(cut(hole, shape), MUSCLE)


def ilium(canvas: Canvas, sacrum: Vertebra) -> None:
    """Both iliac wings, a joint's width beside the sacral wings."""
    patch = canvas.near((sacrum.y - 60, sacrum.y + 70), (sacrum.z - 80, sacrum.z + 52))
    if patch is None:
        return
    side = np.abs(patch.x)
    depth, height = patch.y - sacrum.y, patch.z - sacrum.z
    centre = 53.5 - 0.30 * (depth - 18.0) + 0.004 * (depth - 10.0) ** 2 + 0.30 * np.clip(height, -60, 60)
    shell = np.abs(side - centre) - 4.5 - 3.0 * np.exp(-((depth - 26.0) / 14.0) ** 2)
    crest = ellipsoid((depth - 4.0, 58.0), (height + 20.0, 62.0))
    shape = rounded(shell, crest, radius=7.0)
    gluteus = rounded(np.abs(side - centre - 22.0) - 18.0, crest, radius=20.0)
    patch.lay(gluteus, MUSCLE)
    patch.lay(shape, CORTEX)
    patch.lay(shape + 1.8, MARROW)


def joined_process(canvas: Canvas, body: Vertebra, *, left: bool, fused: bool) -> None:
    """A broad transverse process that meets the sacral wing on one side: Castellvi type II, or III when fused."""
    patch = canvas.near((body.y - 30, body.y + 60), (body.z - 52, body.z + 30))
    if patch is None:
        return
    sign = 1.0 if left else -1.0
    across = patch.x * sign
    dy, dz = patch.y - body.y, patch.z - body.z
    arm = ellipsoid((across - 34.0, 22.0), (dy - 19.0 - 0.1 * across, 9.0), (dz + 4.0 + 0.22 * (across - 20), 15.0))
    patch.lay(arm, CORTEX)
    patch.lay(arm + 1.6, MARROW)
    if not fused:
        return
    bridge = ellipsoid((across - 38.0, 15.0), (dy - 22.0, 8.0), (dz + 20.0, 16.0))
    patch.lay(bridge + 1.6, MARROW)
