"""Marks drawn over an image as SVG: the same lines, shapes, colours and words as in the room. Pure.

Presentation attributes only, so that it may stand in a page under the strictest content security policy. Points are
SCOORD (column, row); pixels that are not square are drawn as tall as they are.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

Point = tuple[float, float]
WIDTH = 800.0
"""Units of the drawing from left to right, whatever the image has."""
_LINE, _HALO, _THIN = 3.0, 7.0, 1.6
_SIZE, _SMALL = 25.0, 20.0
"""Of words, in units of a picture that is as tall as wide; a taller one is printed smaller, so its words grow."""
_LETTER = 0.69
"""How wide a letter is about, as a share of the size of words; of the widest font that may be taken."""
_FONTS = "Inter, 'Libertinus Sans', 'DejaVu Sans', sans-serif"
_UNITS: Mapping[str, str] = {
    "mm": " mm", "deg": "°", "px": " px", "mm2": " mm²", "px2": " px²", "HU": " HU", "stored": " stored",
    "count": " pixels",
}
_SIDES: Mapping[str, int] = {"triangle": 3, "diamond": 4, "pentagon": 5, "hexagon": 6}


@dataclass(frozen=True, slots=True)
class Look:
    """How the marks of a discipline look."""

    name: str
    colour: str
    shape: str


NOBODY = Look("No discipline", "#e2e8f0", "circle")


def drawing(
    picture: Mapping[str, Any], marks: Sequence[Mapping[str, Any]], looks: Mapping[str, Look], href: str
) -> str:
    """The image with its marks as one SVG element.

    picture: rows, columns and aspect (height of a pixel over its width). href: where the image's own picture is.
    """
    height = round(WIDTH * picture["rows"] * picture["aspect"] / picture["columns"], 1)
    scale = WIDTH / picture["columns"]
    ink = max(1.0, height / WIDTH)
    taken: list[tuple[float, float, float, float]] = []
    drawn = [_mark(one, looks, (scale, scale * picture["aspect"]), (height, ink), taken) for one in marks]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 0 {WIDTH:.0f} {height}" width="{WIDTH:.0f}" height="{height}" role="img" '
        f'aria-label="{escape(alternative(picture, marks, looks))}">'
        f'<rect width="{WIDTH:.0f}" height="{height}" fill="#000"/>'
        f'<image href="{escape(href)}" xlink:href="{escape(href)}" width="{WIDTH:.0f}" height="{height}" '
        f'preserveAspectRatio="none"/>{"".join(drawn)}</svg>'
    )


def alternative(
    picture: Mapping[str, Any], marks: Sequence[Mapping[str, Any]], looks: Mapping[str, Look]
) -> str:
    """What the picture shows, for those who do not see it."""
    said = [picture.get("caption") or "Key image"]
    said += [picture["note"]] if picture.get("note") else []
    for one in marks:
        words = [*value_lines(one)[:1], one["text"]]
        told = ", ".join(part for part in words if part)
        name = looks.get(one["discipline"] or "", NOBODY).name
        said.append(f"{one['kind'].capitalize()} by {one['author_name']} ({name}){f': {told}' if told else ''}")
    return ". ".join(said) + "."


def value_lines(mark: Mapping[str, Any]) -> list[str]:
    """A mark's value with unit and error, and its parts, a line each; none where it measures nothing."""
    value = mark["measured"]
    if value is None:
        return []
    name = {"cobb": "Cobb ", "spinopelvic": "PI "}.get(mark["kind"], "")
    unit, error = value["unit"], value["error"]
    spread = "" if error is None else f" ± {error:.{0 if unit == 'deg' else 1}f}{_UNITS[unit]}"
    parts = {one["name"]: one for one in value["parts"]}
    return [f"{name}{_quantity(value['value'], unit)}{spread}", *_parts(mark["kind"], value["value"], parts),
            *(["mm at the detector"] if value["spacing"] == "imager" else [])]


def _parts(kind: str, value: float, parts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    lines: list[str] = []
    if kind == "spinopelvic":
        if "pt" in parts and "ss" in parts:
            lines.append(f"PT {parts['pt']['value']:.1f}° + SS {parts['ss']['value']:.1f}°")
        if "ll" in parts:
            lordosis = parts["ll"]["value"]
            lines.append(f"LL {lordosis:.1f}°, PI − LL {value - lordosis:.1f}°")
        if "sva" in parts:
            lines.append(f"SVA {_quantity(parts['sva']['value'], parts['sva']['unit'])}")
    elif "mean" in parts and "sd" in parts:
        lines.append(f"mean {_number(**_bare(parts['mean']))}, SD {_quantity(**_bare(parts['sd']))}")
    return lines


def _bare(part: Mapping[str, Any]) -> dict[str, Any]:
    return {"value": part["value"], "unit": part["unit"]}


def _quantity(value: float, unit: str) -> str:
    if unit == "mm2" and value >= 100:
        return f"{value / 100:.2f} cm²"
    return f"{_number(value, unit)}{_UNITS[unit]}"


def _number(value: float, unit: str) -> str:
    if unit in ("px", "px2", "count"):
        return f"{value:.0f}"
    if unit in ("HU", "stored") and value == int(value):
        return str(int(value))
    return f"{value:.1f}"


def _mark(
    mark: Mapping[str, Any], looks: Mapping[str, Look], scale: Point, paper: tuple[float, float],
    taken: list[tuple[float, float, float, float]],
) -> str:
    """One mark; paper: height of the picture, and by how much its ink grows."""
    ink = paper[1]
    look = looks.get(mark["discipline"] or "", NOBODY)
    colour = on_dark(look.colour)
    points = [(column * scale[0], row * scale[1]) for column, row in mark["points"]]
    path = "".join(f"M{_at(a)}L{_at(b)}" for a, b in segments(mark["kind"], points))
    thin = "".join(f"M{_at(a)}L{_at(b)}" for a, b in _helping(mark["kind"], points))
    lines = [*value_lines(mark), mark["text"], mark["author_name"]]
    return (
        f'<g fill="none" stroke-linecap="round" stroke-linejoin="round">'
        f'<path d="{path}" stroke="#000" stroke-opacity="0.6" stroke-width="{_HALO * ink:.1f}"/>'
        f'<path d="{path}" stroke="{colour}" stroke-width="{_LINE * ink:.1f}"/>'
        f'<path d="{thin}" stroke="{colour}" stroke-width="{_THIN * ink:.1f}" stroke-dasharray="7 5"/>'
        f'<path d="{outline(look.shape, points[0], 8 * ink)}" fill="#000" fill-opacity="0.5" stroke="{colour}" '
        f'stroke-width="{_LINE * ink:.1f}"/></g>{_words([one for one in lines if one], points, colour, paper, taken)}'
    )


def segments(kind: str, points: Sequence[Point]) -> list[tuple[Point, Point]]:
    """The straight pieces a mark is drawn with."""
    if len(points) == 1:
        return [(points[0], points[0])]
    match kind:
        case "cobb" if len(points) == 4:
            return [(points[0], points[1]), (points[2], points[3])]
        case "ellipse" if len(points) == 4:
            return _closed(_ellipse(points))
        case "rectangle" if len(points) == 2:
            (left, top), (right, bottom) = points
            return _closed([(left, top), (right, top), (right, bottom), (left, bottom)])
        case "rectangle" | "freehand":
            return _closed(points)
        case "spinopelvic" if len(points) >= 4:
            plates = [(points[at], points[at + 1]) for at in (2, 4) if len(points) > at + 1]
            return [(points[0], points[1]), *plates, (_middle(*points[:2]), _middle(*points[2:4]))]
        case "arrow" if len(points) == 2:
            return [(points[0], points[1]), *_head(points[0], points[1])]
        case _:
            return list(pairwise(points))


def _helping(kind: str, points: Sequence[Point]) -> list[tuple[Point, Point]]:
    """Lines that what is measured is measured against: between end plates, and the plumb line of C7."""
    if kind == "cobb" and len(points) == 4:
        return [(_middle(*points[:2]), _middle(*points[2:4]))]
    if kind == "spinopelvic" and len(points) == 7:
        return [(points[6], (points[6][0], max(point[1] for point in points[2:4])))]
    return []


def _head(start: Point, tip: Point) -> list[tuple[Point, Point]]:
    angle = math.atan2(tip[1] - start[1], tip[0] - start[0])
    barbs = [(tip[0] - 20 * math.cos(angle + turn), tip[1] - 20 * math.sin(angle + turn)) for turn in (0.45, -0.45)]
    return [(barb, tip) for barb in barbs]


def _ellipse(points: Sequence[Point], count: int = 48) -> list[Point]:
    (a, b, c, d), centre = points[:4], _middle(*points[:2])
    major, minor = ((b[0] - a[0]) / 2, (b[1] - a[1]) / 2), ((d[0] - c[0]) / 2, (d[1] - c[1]) / 2)
    turns = [2 * math.pi * at / count for at in range(count)]
    return [
        (centre[0] + major[0] * math.cos(turn) + minor[0] * math.sin(turn),
         centre[1] + major[1] * math.cos(turn) + minor[1] * math.sin(turn))
        for turn in turns
    ]


def _closed(points: Sequence[Point]) -> list[tuple[Point, Point]]:
    return list(pairwise([*points, points[0]]))


def _middle(a: Point, b: Point) -> Point:
    return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2


def outline(shape: str, middle: Point, radius: float) -> str:
    """The outline of a discipline's shape as an SVG path."""
    x, y = middle
    if shape == "square":
        return f"M{_at((x - radius, y - radius))}h{2 * radius}v{2 * radius}h{-2 * radius}z"
    if shape == "cross":
        return f"M{_at((x - radius, y))}h{2 * radius}M{_at((x, y - radius))}v{2 * radius}"
    if shape == "star":
        return _polygon(10, middle, [radius * 1.3, radius * 0.55])
    if shape in _SIDES:
        return _polygon(_SIDES[shape], middle, [radius * 1.15])
    return f"M{_at((x - radius, y))}a{radius},{radius} 0 1 0 {2 * radius},0a{radius},{radius} 0 1 0 {-2 * radius},0z"


def _polygon(corners: int, middle: Point, radii: Sequence[float]) -> str:
    def corner(at: int) -> Point:
        angle, radius = 2 * math.pi * at / corners - math.pi / 2, radii[at % len(radii)]
        return middle[0] + radius * math.cos(angle), middle[1] + radius * math.sin(angle)

    return "M" + "L".join(_at(corner(at)) for at in range(corners)) + "z"


def _words(
    lines: Sequence[str], points: Sequence[Point], colour: str, paper: tuple[float, float],
    taken: list[tuple[float, float, float, float]],
) -> str:
    """Words beside a mark: inside the picture, and clear of the words of marks before it where there is room."""
    leftmost, rightmost = min(points), max(points)
    height, size, small = paper[0], _SIZE * paper[1], _SMALL * paper[1]
    wide, tall = max(len(line) for line in lines) * size * _LETTER, (len(lines) + 0.4) * size * 1.2
    inwards = rightmost[0] + 16 + wide > WIDTH and leftmost[0] - 16 > wide
    x = leftmost[0] - 16 if inwards else min(rightmost[0] + 16, max(4.0, WIDTH - wide - 4))
    left = x - wide if inwards else x
    wished = (leftmost if inwards else rightmost)[1] - size / 2
    steps = sorted(range(-12, 13), key=abs)
    tops = [min(max(4.0, wished + step * size), height - tall) for step in steps]
    top = next((one for one in tops if not _meets((left, one, left + wide, one + tall), taken)), tops[0])
    taken.append((left, top, left + wide, top + tall))
    spans = "".join(
        f'<tspan x="{x:.1f}" y="{top + size * (1.2 * at + 0.9):.1f}" '
        f'font-size="{small if at == len(lines) - 1 and at else size:.1f}">{escape(line)}</tspan>'
        for at, line in enumerate(lines)
    )
    common = f'font-family="{_FONTS}" font-weight="600" text-anchor="{"end" if inwards else "start"}"'
    return (
        f'<text {common} fill="#000" stroke="#000" stroke-width="{size * 0.2:.1f}" stroke-opacity="0.75" '
        f'stroke-linejoin="round" aria-hidden="true">{spans}</text><text {common} fill="{colour}">{spans}</text>'
    )


def _meets(box: tuple[float, ...], taken: Sequence[tuple[float, ...]]) -> bool:
    return any(box[0] < one[2] and one[0] < box[2] and box[1] < one[3] and one[1] < box[3] for one in taken)


def on_dark(colour: str) -> str:
    """The same hue, mixed with as little white as gives enough contrast on a dark image (WCAG 2.2 SC 1.4.3)."""
    channels = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    for step in range(20):
        mixed = [round(one + (255 - one) * step / 20) for one in channels]
        if (_luminance(mixed) + 0.05) / 0.059 >= 5.5:
            return "#" + "".join(f"{one:02x}" for one in mixed)
    return "#ffffff"


def _luminance(channels: Sequence[int]) -> float:
    """Relative luminance of sRGB channels, 0 to 255 each (WCAG 2.2)."""
    shares = [one / 255 for one in channels]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _at(point: Point) -> str:
    return f"{point[0]:.1f},{point[1]:.1f}"
