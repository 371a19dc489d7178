"""The geometry of a lumbar spine in patient space, from which every cross-sectional phantom is painted.

Coordinates are LPS millimetres (PS3.3 C.7.6.2.1.1): x to the left, y to the back, z to the head. A vertebra has its
own frame in the sagittal plane: `v` along its axis towards the head, `u` towards the back. A tilt is the angle in
degrees by which the axis leans forward; its endplates are perpendicular to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import cos, radians, sin
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
"""Any real array; canvases are float32."""

TILTS: Mapping[str, float] = {"T10": -16, "T11": -15, "T12": -14, "L1": -11, "L2": -6, "L3": 1, "L4": 10, "L5": 24}
SACRAL_SLOPE = 38.0
_HALF_HEIGHTS = {"T10": 11.0, "T11": 11.5, "T12": 12.5, "L1": 13.2, "L2": 13.6, "L3": 13.8, "L4": 13.8, "L5": 13.5}
_HALF_DEPTHS = {"T10": 15.0, "T11": 15.5, "T12": 16.0, "L1": 16.5, "L2": 17.0, "L3": 17.5, "L4": 17.8, "L5": 18.0}
_HALF_WIDTHS = {"T10": 17.0, "T11": 18.5, "T12": 20.5, "L1": 21.5, "L2": 22.5, "L3": 24.0, "L4": 25.0, "L5": 27.0}
_DISC_HEIGHTS = {"T10": 5.5, "T11": 6.0, "T12": 7.5, "L1": 8.5, "L2": 9.5, "L3": 10.5, "L4": 11.0, "L5": 10.0}
_BELOW = {"T10": "T11", "T11": "T12", "T12": "L1", "L1": "L2", "L2": "L3", "L3": "L4", "L4": "L5", "L5": "S1"}
_SACRUM = (("S1", 40.0, 15.5, 14.0), ("S2", 46.0, 11.5, 12.0), ("S3", 40.0, 9.0, 10.5), ("S4", 22.0, 7.0, 9.5),
           ("S5", 2.0, 5.5, 8.0), ("Co", -22.0, 4.0, 10.0))
BACK_WALL = 0.82
"""The back wall of a vertebral body lies at this share of its half depth."""


@dataclass(frozen=True, slots=True)
class Herniation:
    """Disc material behind the disc space."""

    depth_mm: float
    """How far it reaches behind the back wall."""
    side_mm: float
    """Centre, to the patient's left positive; 0 is central."""
    width_mm: float = 9.0
    descent_mm: float = 1.5
    """How far its centre lies below the middle of the disc."""


@dataclass(frozen=True, slots=True)
class Wear:
    """The state of one disc and the facets behind it."""

    grade: int = 2
    """1 to 5: bright and tall to black and collapsed (in the sense of Pfirrmann)."""
    height: float = 1.0
    """Share of the normal height."""
    bulge_mm: float = 0.0
    slip_mm: float = 0.0
    """Forward slip of the vertebra above."""
    tilt_deg: float = 0.0
    """Extra lean of everything above: bending forward is positive."""
    herniation: Herniation | None = None
    facets: float = 1.0
    """Size of the facets against normal."""
    endplates: float = 0.0
    """Fatty change of the marrow beside the endplates, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Vertebra:
    """One vertebral body: centre, tilt in radians, half depth, half height and half width in millimetres."""

    name: str
    y: float
    z: float
    tilt: float
    half_depth: float
    half_height: float
    half_width: float

    @property
    def up(self) -> tuple[float, float]:
        """Unit vector (y, z) along the axis to the head."""
        return -sin(self.tilt), cos(self.tilt)

    @property
    def back(self) -> tuple[float, float]:
        """Unit vector (y, z) across the axis to the back."""
        return cos(self.tilt), sin(self.tilt)

    def at(self, u: float, v: float) -> tuple[float, float]:
        """Patient (y, z) of a point of this vertebra's frame."""
        (uy, uz), (by, bz) = self.up, self.back
        return self.y + u * by + v * uy, self.z + u * bz + v * uz


@dataclass(frozen=True, slots=True)
class Disc:
    """One disc: named by the vertebra above and below, placed in the middle of its space."""

    name: str
    y: float
    z: float
    tilt: float
    half_depth: float
    half_width: float
    height: float
    wear: Wear


@dataclass(frozen=True, slots=True)
class Spine:
    """A whole lumbar spine, head first, with the line of its back walls."""

    vertebrae: tuple[Vertebra, ...]
    discs: tuple[Disc, ...]
    line_z: Array = field(repr=False)
    line_y: Array = field(repr=False)
    """Back wall of the vertebral column: y at each z, both ascending in z."""

    def vertebra(self, name: str) -> Vertebra:
        """The vertebra with this name."""
        return next(each for each in self.vertebrae if each.name == name)

    def disc(self, name: str) -> Disc:
        """The disc with this name, e.g. ``L4-L5``."""
        return next(each for each in self.discs if each.name == name)

    def wall(self, z: Array) -> Array:
        """The y of the back wall at each z."""
        return np.interp(z, self.line_z, self.line_y).astype(np.float32)


def lumbar(wear: Mapping[str, Wear] | None = None, *, straighten: float = 0.0, top: str = "T11") -> Spine:
    """A lumbar spine with the given wear per disc (``"L4-L5"``); `straighten` takes away that share of the lordosis."""
    wear = wear or {}
    names = [name for name in TILTS if list(TILTS).index(name) >= list(TILTS).index(top)]
    sacrum = _sacrum()
    y, z = sacrum[0].at(0.0, sacrum[0].half_height)
    tilt_below, lean = SACRAL_SLOPE, 0.0
    bodies: list[Vertebra] = []
    discs: list[Disc] = []
    for name in reversed(names):
        state = wear.get(f"{name}-{_BELOW[name]}", Wear())
        lean += state.tilt_deg
        tilt = TILTS[name] * (1.0 - straighten) + lean
        height = _DISC_HEIGHTS[name] * state.height
        middle = radians((tilt + tilt_below) / 2)
        up, front = (-sin(middle), cos(middle)), (-cos(radians(tilt)), -sin(radians(tilt)))
        discs.append(Disc(f"{name}-{_BELOW[name]}", y + up[0] * height / 2, z + up[1] * height / 2, middle,
                          _HALF_DEPTHS[name], _HALF_WIDTHS[name], height, state))
        y, z = y + up[0] * height + front[0] * state.slip_mm, z + up[1] * height + front[1] * state.slip_mm
        half = _HALF_HEIGHTS[name]
        axis = (-sin(radians(tilt)), cos(radians(tilt)))
        bodies.append(Vertebra(name, y + axis[0] * half, z + axis[1] * half, radians(tilt), _HALF_DEPTHS[name], half,
                               _HALF_WIDTHS[name]))
        y, z, tilt_below = y + axis[0] * 2 * half, z + axis[1] * 2 * half, tilt
    vertebrae = (*reversed(bodies), *sacrum)
    line_z, line_y = _back_wall(vertebrae)
    return Spine(vertebrae, tuple(reversed(discs)), line_z, line_y)


def lordosis_deg(spine: Spine) -> float:
    """The angle between the upper endplate of L1 and the sacral endplate, in degrees."""
    return SACRAL_SLOPE - float(np.degrees(spine.vertebra("L1").tilt))


def _sacrum() -> list[Vertebra]:
    found: list[Vertebra] = []
    y, z = -3.0, -78.0
    for name, tilt, depth, half in _SACRUM:
        angle = radians(SACRAL_SLOPE if name == "S1" else tilt)
        up = (-sin(angle), cos(angle))
        found.append(Vertebra(name, y - up[0] * half, z - up[1] * half, angle, depth, half, 26.0 * depth / 15.5))
        gap = 1.6
        y, z = y - up[0] * (2 * half + gap), z - up[1] * (2 * half + gap)
    return found


def _back_wall(vertebrae: tuple[Vertebra, ...]) -> tuple[Array, Array]:
    points = [
        body.at(BACK_WALL * body.half_depth, share * body.half_height)
        for body in reversed(vertebrae) for share in (-0.9, 0.9)
    ]
    z = np.array([point[1] for point in points])
    y = np.array([point[0] for point in points])
    order = np.argsort(z)
    grid = np.arange(-190.0, 190.0, 1.0)
    smooth = np.convolve(np.pad(np.interp(grid, z[order], y[order]), 6, mode="edge"), np.ones(13) / 13, mode="valid")
    return grid.astype(np.float32), smooth.astype(np.float32)
