"""How kinds of marks are named in objects: by the Cornerstone3D tool that draws the same, else after us. Pure."""

from collections.abc import Mapping

DIALECT = "Cornerstone3DTools@^0.1.0"
TOOLS: Mapping[str, str] = {
    "length": "Length", "angle": "Angle", "cobb": "CobbAngle", "ellipse": "EllipticalROI",
    "rectangle": "RectangleROI", "freehand": "PlanarFreehandROI", "arrow": "ArrowAnnotate", "probe": "Probe",
}
"""Kind of mark → the Cornerstone3D tool that draws it."""
OWN = "Consilium"


def tracking_name(kind: str) -> str:
    """The Tracking Identifier (112039, DCM) of a kind of mark: what OHIF and others open as their own."""
    tool = TOOLS.get(kind)
    return f"{DIALECT}:{tool}" if tool else f"{OWN}:{kind}"
