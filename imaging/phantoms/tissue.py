"""Painting a spine onto a canvas: from the skin inwards, each layer over the last."""

import numpy as np

from imaging.phantoms.anatomy import BACK_WALL, Array, Disc, Spine, Vertebra
from imaging.phantoms.paint import (
    ANNULUS,
    CORD,
    CORTEX,
    CSF,
    FAT,
    FATTY_MARROW,
    FLUID,
    HERNIATED,
    INTERSPINOUS,
    LIGAMENT,
    MARROW,
    MUSCLE,
    ROOT,
    VESSEL,
    VISCERA,
    Canvas,
    Patch,
    Tissue,
    cut,
    ellipsoid,
    meets,
    rounded,
)
from imaging.phantoms.pelvis import ilium, wing

_NUCLEUS = {1: 0.95, 2: 0.78, 3: 0.42, 4: 0.17, 5: 0.08}
"""T2 brightness of the nucleus by grade."""
ROOTS = 22


def paint(canvas: Canvas, spine: Spine, *, seed: int) -> None:
    """Everything from the skin to the nerve roots."""
    _flesh(canvas, spine)
    _canal(canvas, spine)
    for disc in spine.discs:
        _disc(canvas, disc)
    for place, body in enumerate(spine.vertebrae):
        wear = spine.discs[place].wear if place < len(spine.discs) else None
        _vertebra(canvas, body, wear.facets if wear else 1.0)
        if wear and wear.endplates:
            _endplates(canvas, body, wear.endplates, below=True)
        above = spine.discs[place - 1].wear if 0 < place <= len(spine.discs) else None
        if above and above.endplates:
            _endplates(canvas, body, above.endplates, below=False)
    ilium(canvas, spine.vertebra("S1"))
    _sac(canvas, spine, seed)
    for disc in spine.discs:
        _protrusion(canvas, disc)


def _flesh(canvas: Canvas, spine: Spine) -> None:
    whole = canvas.whole()
    x, y, z = whole.x, whole.y, whole.z
    depth = y - spine.wall(z)
    side = np.abs(x)
    edge = y - _skin(spine, z) + 0.0011 * x * x
    whole.lay(edge, MUSCLE)
    whole.lay(edge + 1.6, FAT)
    whole.lay(depth + 57.0 - 6.0 * np.sin(z / 17.0) - 4.0 * np.sin(x / 23.0), VISCERA)
    fascia = edge + 19.0 - 0.03 * (z + 40) * (z < -40) - 6.0 * np.exp(-((x / 11) ** 2))
    erector = rounded(fascia, 14.0 - depth, side - 70.0 - 0.15 * z, radius=16.0)
    whole.lay(erector, MUSCLE)
    septum = np.abs(side - 24.0 - 0.30 * (depth - 24.0) - 3.0 * np.sin(depth / 7.0)) - 0.5
    whole.lay(cut(septum, fascia + 5.0, 22.0 - depth), FAT, 0.5)
    second = np.abs(side - 50.0 - 0.10 * (depth - 24.0) - 3.0 * np.sin(depth / 5.0)) - 0.4
    whole.lay(cut(second, fascia + 4.0, 24.0 - depth), FAT, 0.45)
    whole.lay(np.abs(fascia) - 0.7, LIGAMENT, 0.8)
    whole.lay(cut(side - 4.5, fascia, 16.0 - depth), INTERSPINOUS)
    psoas = ellipsoid((side - 37.0 + 0.06 * (z + 80), 17.0), (depth + 17.0, 21.0))
    whole.lay(rounded(psoas + 0.05 * np.clip(z - 10, 0, 200), z - 80.0, radius=14.0), MUSCLE)
    whole.lay(ellipsoid((side - 73.0, 15.0), (depth - 4.0, 11.0)), MUSCLE)
    _vessels(whole, depth)


def _vessels(whole: Patch, depth: Array) -> None:
    """Aorta to the left and vena cava to the right of the midline, dividing at L4."""
    split = np.clip(-22.0 - whole.z, 0.0, 200.0) * 0.62
    front = depth + 49.0
    for centre, radius, sign in ((7.0, 9.0, 1.0), (-15.0, 10.0, -1.0)):
        pair = np.minimum(
            np.abs(whole.x - centre - split * sign), np.abs(whole.x - centre + split * sign * 0.9)
        ) if sign > 0 else np.minimum(np.abs(whole.x - centre + split), np.abs(whole.x - centre - split * 1.2))
        size = radius - np.clip(split, 0, 3.5)
        vessel = np.hypot(pair, front) - size
        whole.lay(vessel - 1.0, FAT, 0.7)
        whole.lay(vessel, VESSEL)


def _skin(spine: Spine, z: Array) -> Array:
    """The back's surface: the spine's curve, flattened, a hand's breadth behind it."""
    smooth = np.convolve(np.pad(spine.line_y, 40, mode="edge"), np.ones(81) / 81, mode="valid")
    return np.interp(z, spine.line_z, 0.72 * smooth + 84.0).astype(np.float32)


def _canal(canvas: Canvas, spine: Spine) -> None:
    whole = canvas.whole()
    depth = whole.y - spine.wall(whole.z)
    side = np.abs(whole.x)
    canal = cut(ellipsoid((depth - 9.5, 12.5), (side, 13.5)), -1.5 - depth)
    whole.lay(canal, FAT)


def _local(patch: Patch, y: float, z: float, tilt: float) -> tuple[Array, Array]:
    cosine, sine = np.float32(np.cos(tilt)), np.float32(np.sin(tilt))
    dy, dz = patch.y - np.float32(y), patch.z - np.float32(z)
    return dy * cosine + dz * sine, dz * cosine - dy * sine


def _disc(canvas: Canvas, disc: Disc) -> None:
    patch = canvas.near((disc.y - 40, disc.y + 40), (disc.z - 26, disc.z + 26), (-36, 36))
    if patch is None:
        return
    u, v = _local(patch, disc.y, disc.z, disc.tilt)
    reach = disc.half_depth + 0.8 + disc.wear.bulge_mm * 0.5
    outline = ellipsoid((u, reach), (patch.x, disc.half_width + disc.wear.bulge_mm))
    wall = u - BACK_WALL * disc.half_depth - 0.8 - disc.wear.bulge_mm
    shape = rounded(outline, wall, np.abs(v) - disc.height * 0.5 - 4.5)
    patch.lay(shape - 1.2, LIGAMENT)
    patch.lay(shape, ANNULUS)
    grade = disc.wear.grade
    bright = Tissue(0.30, _NUCLEUS[grade], 82.0, 0.05)
    nucleus = ellipsoid((u - 1.0, disc.half_depth * 0.68), (patch.x, disc.half_width * 0.72),
                        (v, max(disc.height * 0.46, 1.5)))
    soft = np.clip(0.5 - nucleus / 3.0, 0.0, 1.0)
    for channel in range(3):
        plane = patch.values[channel]
        plane += soft * (np.float32(bright.channels[channel]) - plane)
    if grade in (2, 3):
        cleft = ellipsoid((u - 1.0, disc.half_depth * 0.45), (patch.x, disc.half_width * 0.5), (v, 1.0))
        patch.lay(cleft, ANNULUS, 0.5)


def _vertebra(canvas: Canvas, body: Vertebra, facets: float) -> None:
    patch = canvas.near((body.y - 50, body.y + 72), (body.z - 60, body.z + 48), (-60, 60))
    if patch is None:
        return
    u, v = _local(patch, body.y, body.z, body.tilt)
    a, b, w = body.half_depth, body.half_height, body.half_width
    sacral = body.name[0] in "SC"
    if sacral:
        wing(patch, u, v, body)
    shape: Array = np.full_like(u, 1e3)
    if meets(v, -b - 1.0, b + 1.0) and meets(patch.x, -w - 1.0, w + 1.0):
        waist = 1.0 - 0.075 * np.clip(1.0 - (v / b) ** 2, 0.0, 1.0)
        outline = (np.sqrt((u / (a * waist)) ** 2 + (patch.x / (w * waist)) ** 2) - 1.0) * a
        rim = 0.93 + 0.07 * np.clip((u / a) ** 2 + (patch.x / w) ** 2, 0.0, 1.0)
        shape = rounded(outline, u - BACK_WALL * a, np.abs(v) - b * rim)
        patch.lay(shape, CORTEX)
        patch.lay(shape + 1.25, MARROW)
    if body.name in ("S3", "S4", "S5", "Co"):
        return
    if not sacral and meets(patch.x, -9.0, 9.0) and meets(v, -2.0, 2.0):
        vein = cut(ellipsoid((u - BACK_WALL * a, 0.62 * a), (patch.x, 9.0), (v, 1.7)), shape + 0.4)
        patch.lay(vein, FLUID, 0.5)
    _behind(patch, u - BACK_WALL * a, v, b, facets, sacral=sacral)


def _behind(patch: Patch, u: Array, v: Array, b: float, facets: float, *, sacral: bool) -> None:
    """Pedicles, laminae, joints and processes; `u` is counted from the back wall here."""
    side = np.abs(patch.x)
    if not sacral and meets(side, 2.0, 23.0):
        _foramen(patch, u, v, side, b)
    if meets(side, 10.0, 21.0) and meets(v, -0.2 * b, 0.9 * b):
        pedicle = rounded(ellipsoid((v - 0.36 * b, 0.50 * b), (side - 15.5, 5.2)), np.abs(u - 6.0) - 9.0)
        _bone(patch, pedicle)
    if not sacral and meets(side, 16.0, 44.0) and meets(v, 0.2 * b - 6.0, 0.3 * b + 6.0):
        arm = ellipsoid((u - 9.0 - 0.12 * (side - 20), 4.2), (v - 0.25 * b, 5.5))
        _bone(patch, rounded(arm, np.abs(side - 30.0) - 13.0))
    if meets(side, -1.0, 18.0) and meets(v, -1.05 * b, 0.3 * b):
        _bone(patch, rounded(np.abs(u - 24.0 + 0.55 * side) - 3.3, np.abs(v + 0.38 * b) - 0.62 * b, side - 17.0))
    if not sacral and meets(side, 6.0, 28.0):
        _joints(patch, u, v, b, facets)
    if meets(side, -1.0, 6.0):
        along = u - 40.0
        tall = (0.55 + 0.006 * along) * b
        _bone(patch, rounded(side - 3.6 - 0.05 * along, np.abs(v + 0.72 * b + 0.22 * along) - tall,
                             np.abs(along) - 15.5, radius=6.0))


def _foramen(patch: Patch, u: Array, v: Array, side: Array, b: float) -> None:
    """The nerve's way out with its fat, and the yellow ligament behind it."""
    opening = cut(ellipsoid((v + 0.75 * b, 10.5), (u - 5.5, 7.5)), np.abs(side - 15.0) - 8.0, -0.3 - u)
    patch.lay(opening, FAT)
    patch.lay(ellipsoid((v + 0.42 * b, 3.0), (u - 6.0, 2.6), (side - 16.0, 6.0)), ROOT)
    flavum = cut(np.abs(u - 19.0 + 0.5 * side) - 1.6, np.abs(v + 1.3 * b) - 0.62 * b, side - 13.0)
    patch.lay(flavum, LIGAMENT, 0.85)


def _joints(patch: Patch, u: Array, v: Array, b: float, facets: float) -> None:
    """The facets of both ends, with fluid in the gap to the vertebra below."""
    side, spread = np.abs(patch.x), 5.2 * facets
    if meets(v, -0.15 * b, 1.4 * b):
        _bone(patch, ellipsoid((u - 14.0, spread), (v - 0.62 * b, 0.75 * b), (side - 20.5, spread)))
    if meets(v, -2.2 * b, -0.25 * b):
        _bone(patch, ellipsoid((u - 20.0, spread + 0.6), (v + 1.15 * b, 0.85 * b), (side - 14.5 - facets, spread)))
        gap = ellipsoid((u - 17.0, 4.0 * facets), (v + 1.75 * b, 5.0), (side - 18.0, 0.9))
        patch.lay(gap, FLUID, 0.6)


def _bone(patch: Patch, shape: Array) -> None:
    """A shell of cortex around marrow."""
    patch.lay(shape, CORTEX)
    patch.lay(shape + 1.5, MARROW)


def _endplates(canvas: Canvas, body: Vertebra, amount: float, *, below: bool) -> None:
    patch = canvas.near((body.y - 26, body.y + 26), (body.z - 24, body.z + 24), (-30, 30))
    if patch is None:
        return
    u, v = _local(patch, body.y, body.z, body.tilt)
    edge = -body.half_height if below else body.half_height
    shape = cut(ellipsoid((u + 2.0, body.half_depth * 0.95), (patch.x, body.half_width * 0.9), (v - edge, 7.0)),
                np.abs(v) - body.half_height * 0.95 + 1.4, u - BACK_WALL * body.half_depth + 1.4,
                1.6 - body.half_depth - u)
    patch.lay(shape, FATTY_MARROW, 0.75 * amount)


def _sac(canvas: Canvas, spine: Spine, seed: int) -> None:
    bottom = spine.vertebra("S2").z
    patch = canvas.near((-60, 120), (bottom - 12, 190), (-14, 14))
    if patch is None:
        return
    depth = patch.y - spine.wall(patch.z)
    taper = np.clip((patch.z - bottom + 8.0) / 42.0, 0.05, 1.0) ** 0.6
    half = 7.2 * taper
    centre = 9.0 + 0.6 * (1.0 - taper)
    shape = (np.sqrt(((depth - centre) / half) ** 2 + (patch.x / (9.4 * taper)) ** 2) - 1.0) * half
    for disc in spine.discs:
        if disc.wear.grade >= 3:
            squeeze = 0.6 * (disc.wear.grade - 2) + 0.85 * disc.wear.bulge_mm
            shape = shape + squeeze * np.exp(-((patch.z - disc.z - 3.0) / 6.0) ** 2)
    shape = np.maximum(shape, bottom - 6.0 - patch.z)
    patch.lay(shape - 0.9, LIGAMENT, 0.85)
    patch.lay(shape, CSF)
    tip = spine.disc("L1-L2").z + 4.0
    calibre = 4.3 * np.clip((patch.z - tip) / 30.0, 0.0, 1.0) ** 0.55
    cord = np.hypot((depth - 10.4) * 1.12, patch.x * 0.92) - calibre
    _roots(patch, depth, shape, tip, seed)
    patch.lay(cut(cord, shape), CORD)


def _roots(patch: Patch, depth: Array, sac: Array, tip: float, seed: int) -> None:
    """The cauda equina lies towards the back in a supine patient; each root leaves at its own level."""
    random = np.random.default_rng(seed + 71)
    total = np.zeros(np.broadcast_shapes(depth.shape, patch.x.shape), np.float32)
    for number in range(ROOTS):
        left = 1.0 if number % 2 else -1.0
        rank = (number // 2) / (ROOTS / 2 - 1)
        leaves = tip - 8.0 - 150.0 * (1.0 - rank) + random.normal(0, 4)
        lateral = left * (0.6 + 5.4 * (1.0 - rank)) + random.normal(0, 0.5)
        rest = 11.2 + 3.0 * rank + random.normal(0, 0.7)
        drift = np.clip((leaves + 26.0 - patch.z) / 26.0, 0.0, 1.0)
        across = patch.x - lateral - drift * left * 4.0
        along = depth - rest + drift * 4.0 + 0.7 * np.sin((patch.z + 20 * number) / 19.0)
        alive = (patch.z > leaves) & (patch.z < tip + 46.0)
        total += alive * np.exp(-(across**2 + along**2) / np.float32(1.5))
    patch.lay(cut(2.0 * (0.42 - total), sac + 0.4), ROOT, 0.85)


def _protrusion(canvas: Canvas, disc: Disc) -> None:
    found = disc.wear.herniation
    if found is None:
        return
    patch = canvas.near((disc.y - 10, disc.y + 45), (disc.z - 24, disc.z + 24), (-22, 22))
    if patch is None:
        return
    u, v = _local(patch, disc.y, disc.z, disc.tilt)
    u = u - BACK_WALL * disc.half_depth
    blob = ellipsoid((u - 0.5, found.depth_mm), (patch.x - found.side_mm, found.width_mm),
                     (v + found.descent_mm, 6.2))
    neck = cut(np.abs(v) - disc.height * 0.42, np.abs(u + 2.0) - 3.5, np.abs(patch.x - found.side_mm) - 7.0)
    shape = np.minimum(rounded(blob, -2.5 - u), neck)
    patch.lay(shape - 0.9, LIGAMENT)
    patch.lay(shape, HERNIATED)
