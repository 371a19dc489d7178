"""What a worker says about one file's header, validated: a worker is not trusted more than the file it read."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(max_length=400)]
Uid = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[0-9.]+$")]
MaybeUid = Annotated[str, Field(max_length=64, pattern=r"^[0-9.]*$")]
Finite = Annotated[float, Field(allow_inf_nan=False, ge=-1e12, le=1e12)]
Day = Annotated[str, Field(pattern=r"^(\d{4}-\d\d-\d\d)?$")]
Coordinate = Annotated[float, Field(allow_inf_nan=False, ge=-1e6, le=1e6)]
Position = Annotated[list[Coordinate], Field(min_length=3, max_length=3)]
Orientation = Annotated[list[Coordinate], Field(min_length=6, max_length=6)]


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Window(_Facts):
    """One preset of the header."""

    name: Text
    centre: Finite
    width: Annotated[float, Field(gt=0, le=1e12)]


class FrameOverride(_Facts):
    """What one frame of a multi-frame image says otherwise; None: as the instance."""

    position: Position | None = None
    orientation: Orientation | None = None
    row_spacing_mm: float | None = Field(default=None, gt=0, le=10_000)
    column_spacing_mm: float | None = Field(default=None, gt=0, le=10_000)
    spacing_source: str | None = Field(default=None, pattern="^(pixel)$")
    slope: Finite | None = None
    intercept: Finite | None = None
    windows: list[Window] | None = Field(default=None, max_length=32)


class Own(_Facts):
    """Those of the facts in which the files of one series differ as a rule."""

    sop_instance_uid: Uid
    instance_number: int | None
    position: Position | None


class Header(Own):
    """Identity and picture facts of one file; names as in `imaging.studies`."""

    sop_class_uid: Uid
    sop_class_name: Text
    study_instance_uid: Uid
    series_instance_uid: Uid
    patient_name: Text
    patient_id: Text
    patient_born_on: Day
    patient_sex: Text
    study_description: Text
    study_date: Day
    study_time: Text
    accession_number: Text
    institution: Text
    modality: Text
    series_number: int | None
    series_description: Text
    body_part: Text
    laterality: Text
    protocol: Text
    frame_of_reference_uid: MaybeUid
    planar: int
    bits_stored: int = Field(ge=0, le=64)
    high_bit: int = Field(ge=0, le=64)
    signed: bool
    row_spacing_mm: float | None = Field(gt=0, le=10_000)
    column_spacing_mm: float | None = Field(gt=0, le=10_000)
    spacing_source: str = Field(pattern="^(calibrated|pixel|imager|region|none)$")
    magnification: float | None = Field(gt=0, le=100)
    aspect: float | None = Field(default=None, ge=0.01, le=100)
    overlays: bool = False
    icc: bool = False
    lossy: bool = False
    slope: Finite
    intercept: Finite
    units: Text
    windows: list[Window] = Field(max_length=32)
    voi_function: str = Field(pattern="^(LINEAR|LINEAR_EXACT|SIGMOID)$")
    modality_lut: bool
    voi_lut: bool
    inverted: bool
    padding: int | None
    padding_limit: int | None
    orientation: Orientation | None
    frame_time_ms: float | None = Field(ge=0, le=1e7)
    burned_in: bool
    frame_facts: list[FrameOverride] = Field(max_length=20_000)

    def overrides(self) -> list[dict[str, Any]]:
        """The frames' own facts as they are stored: only what differs."""
        return [one.model_dump(exclude_none=True) for one in self.frame_facts]
