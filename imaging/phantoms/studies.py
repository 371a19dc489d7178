"""Whole studies with the truth about them: what a reader should find, and the files to find it in.

>>> from imaging.phantoms.studies import KINDS
>>> "herniation-mr" in KINDS
True
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from imaging.phantoms.anatomy import Herniation, Spine, Wear, lordosis_deg, lumbar
from imaging.phantoms.ct import Transition, lumbosacral_ct
from imaging.phantoms.dicom import Examination, Patient
from imaging.phantoms.doppler import leg_doppler
from imaging.phantoms.mr import SMALL, MRProtocol, lumbar_mr
from imaging.phantoms.radiograph import Film, digital, exposed, lateral, radiograph_file, soft_lateral
from imaging.phantoms.scoliosis import Curve, standing_film, truth

Truth = Mapping[str, str | float]
"""Stated values: levels as names, angles in degrees, lengths in millimetres."""
_LATERAL_SPACING_MM = 0.15
_LATERAL_ORIGIN = (20.0, -25.0)


@dataclass(frozen=True, slots=True)
class Study:
    """One made study."""

    study_instance_uid: str
    description: str
    truth: Truth
    files: tuple[bytes, ...]


def herniation_mr(
    examination: Examination, *, level: str = "L4-L5", side_mm: float = 4.0, depth_mm: float = 8.0, small: bool = False
) -> Study:
    """Lumbar MR with one herniation that presses on the sac; `side_mm` is to the patient's left."""
    others = {"L5-S1": Wear(4, 0.7, 1.5), "L4-L5": Wear(3, 0.9, 1.0), "L3-L4": Wear(3, 0.92, 0.6)}
    wear = {**others, level: Wear(4, 0.8, 1.5, herniation=Herniation(depth_mm, side_mm))}
    found: Truth = {"level": level, "herniation_mm": depth_mm, "side": "left" if side_mm > 0 else "right"}
    return _mr(examination, lumbar(wear), found, level, small=small)


def stenosis_mr(
    examination: Examination, *, level: str = "L4-L5", slip_mm: float = 5.0, small: bool = False
) -> Study:
    """Lumbar MR with a narrow canal, large facets and a slip."""
    wear = {"L5-S1": Wear(3, 0.85, 1.0), "L3-L4": Wear(4, 0.75, 2.5, facets=1.2), "L2-L3": Wear(3, 0.85, 1.0)}
    wear[level] = Wear(5, 0.6, 4.5, slip_mm=slip_mm, facets=1.35, endplates=0.7)
    return _mr(examination, lumbar(wear, straighten=0.15), {"level": level, "slip_mm": slip_mm}, level, small=small)


def degenerate_mr(examination: Examination, *, level: str = "L5-S1", small: bool = False) -> Study:
    """Lumbar MR with one collapsed disc and fatty change beside it."""
    wear = {level: Wear(5, 0.5, 2.0, endplates=1.0), "L4-L5": Wear(3, 0.9, 0.8)}
    return _mr(examination, lumbar(wear), {"level": level, "grade": 5.0}, level, small=small)


def healthy_mr(examination: Examination, *, small: bool = False) -> Study:
    """Lumbar MR of a young spine."""
    return _mr(examination, lumbar(), {"level": "none", "grade": 2.0}, "L4-L5", small=small)


def scoliosis_film(examination: Examination, *, cobb_deg: float = 34.0, small: bool = False) -> Study:
    """One standing film with a thoracolumbar curve of this Cobb angle."""
    curve = Curve(cobb_deg)
    rows = 1000 if small else 2000
    file = standing_film(examination, curve, rows=rows, columns=rows // 2)
    return _study(examination, truth(curve), [file])


def slip_film(
    examination: Examination, *, level: str = "L4-L5", slip_mm: float = 8.0, small: bool = False
) -> Study:
    """One standing lateral film with a slip."""
    spine = lumbar({level: Wear(4, 0.7, slip_mm=slip_mm), "L5-S1": Wear(3, 0.85)})
    found: Truth = {"level": level, "slip_mm": slip_mm, "lordosis_deg": round(lordosis_deg(spine), 1)}
    return _study(examination, found, [_lateral(examination, spine, 1, "lateral standing", small=small)])


def flexion_extension(
    examination: Examination, *, level: str = "L4-L5", flexed_mm: float = 9.0, extended_mm: float = 4.0,
    small: bool = False,
) -> Study:
    """A pair of lateral films: bent forward the slip is greater."""
    files = []
    for number, (slip, tilt, name) in enumerate(
        ((flexed_mm, 4.0, "flexion"), (extended_mm, -3.0, "extension")), start=1
    ):
        wear = {each: Wear(2, tilt_deg=tilt) for each in ("L1-L2", "L2-L3", "L3-L4", "L5-S1")}
        wear[level] = replace(Wear(4, 0.7, slip_mm=slip), tilt_deg=1.6 * tilt)
        files.append(_lateral(examination, lumbar(wear), number, name, small=small))
    found: Truth = {"level": level, "flexed_mm": flexed_mm, "extended_mm": extended_mm}
    return _study(examination, found, files)


def transitional_ct(examination: Examination, *, castellvi: str = "IIa", small: bool = False) -> Study:
    """Thin axial CT of a last lumbar vertebra that meets the sacrum on the left."""
    spine = lumbar({"L4-L5": Wear(4, 0.75, 2.0), "L5-S1": Wear(3, 0.5)})
    files = lumbosacral_ct(examination, spine, Transition(castellvi), slices=48 if small else 60)
    return _study(examination, {"level": "L5", "castellvi": castellvi, "side": "left"}, files)


def vessel_doppler(examination: Examination, *, small: bool = False) -> Study:
    """One colour picture; `small` makes no difference."""
    _ = small
    return _study(examination, {"artery": "open"}, leg_doppler(examination))


KINDS: Mapping[str, tuple[str, Callable[..., Study]]] = {
    "herniation-mr": ("MR lumbar spine", herniation_mr),
    "stenosis-mr": ("MR lumbar spine", stenosis_mr),
    "degenerate-mr": ("MR lumbar spine", degenerate_mr),
    "healthy-mr": ("MR lumbar spine", healthy_mr),
    "scoliosis-film": ("Whole spine standing", scoliosis_film),
    "slip-film": ("Lumbar spine lateral", slip_film),
    "flexion-extension": ("Lumbar spine flexion and extension", flexion_extension),
    "transitional-ct": ("CT lumbosacral junction", transitional_ct),
    "doppler": ("Doppler leg arteries", vessel_doppler),
}
"""Every kind of study: its description and its maker."""


def study(
    kind: str, patient: Patient, taken_at: datetime, seed: int, *, small: bool = False, **options: str | float
) -> Study:
    """One study of a kind of `KINDS`; `options` are its maker's. Raises KeyError for another kind."""
    description, maker = KINDS[kind]
    return maker(Examination(patient, taken_at, seed, description), small=small, **options)


def _mr(
    examination: Examination, spine: Spine, found: Truth, level: str, *, small: bool
) -> Study:
    protocol = replace(SMALL if small else MRProtocol(), axial_centre=level,
                       axial_tilt_deg=28.0 if level == "L5-S1" else 14.0)
    return _study(examination, found, lumbar_mr(examination, spine, protocol))


def _lateral(examination: Examination, spine: Spine, number: int, name: str, *, small: bool) -> bytes:
    factor = 2 if small else 1
    spacing = _LATERAL_SPACING_MM * factor
    film = Film.blank(2000 // factor, 1300 // factor, spacing)
    lateral(film, spine, _LATERAL_ORIGIN)
    soft_lateral(film, examination.seed)
    image = exposed(film, examination.seed)
    series = digital(examination, number, f"Lumbar {name}")
    return radiograph_file(series, 1, image, spacing, inverted=False, view="LL", position="")


def _study(examination: Examination, found: Truth, files: list[bytes]) -> Study:
    return Study(examination.study_instance_uid, examination.description, dict(found), tuple(files))
