"""What a filled sheet says: its answers checked one by one, then the sum, class or dose by the engines. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import cast

from agenda.errors import Invalid
from agenda.scores.engine import Status, scores, total
from agenda.scores.lenke import Curve, LumbarModifier, Scoliosis, lenke
from agenda.scores.numbers import (
    Graded,
    Spinopelvic,
    gap,
    graded,
    lordosis_target,
    meyerding,
    mjoa,
    opioid_mme,
    srs_schwab,
    start_back,
)
from agenda.scores.sheets import Asked, Drug, Sheet, drugs, number_in

Answers = Mapping[str, str]
DOSE_FIELDS = ("drug", "dose", "times")
MOST_DOSE = 10_000
MOST_TIMES = 24


@dataclass(frozen=True, slots=True)
class Reading:
    """What the answers come to."""

    value: float | None
    """A number that can be compared; None for a class."""
    said: str
    """``9 of 18``, ``2CN``, ``60 mg a day``."""
    band: str
    """What its source says of it; empty where it says nothing."""
    status: Status


@dataclass(frozen=True, slots=True)
class Part:
    """One answer in words, with what it adds."""

    label: str
    text: str
    adds: str = ""


def checked(sheet: Sheet, typed: Answers) -> tuple[dict[str, str], dict[str, str]]:
    """What was typed, as answers that can be kept, and a sentence for each field that cannot be taken."""
    if sheet.doses:
        return _doses(sheet, typed)
    kept, wrong = {}, {}
    for item in sheet.items:
        text = typed.get(item.key, "").strip()
        try:
            kept[item.key] = _pick(item, text) if item.picks else f"{_number(item, text):g}"
        except Invalid as error:
            wrong[error.field] = error.reason
    return kept, wrong


def _pick(item: Asked, text: str) -> str:
    if all(one.key != text for one in item.picks):
        raise Invalid(item.key, "Choose one of the answers offered." if text else "Not answered yet.")
    return text


def _number(item: Asked, text: str) -> float:
    if not text:
        raise Invalid(item.key, f"Not answered yet: {item.range}.")
    value = number_in(text)
    if value is None or not item.least <= value <= item.most or (item.whole and value != int(value)):
        raise Invalid(item.key, f"Write a {'whole number' if item.whole else 'number'}, {item.range}.")
    return value


def _doses(sheet: Sheet, typed: Answers) -> tuple[dict[str, str], dict[str, str]]:
    kept, wrong, place = dict[str, str](), dict[str, str](), 0
    for row in range(sheet.doses):
        said = {name: typed.get(f"{row}.{name}", "").strip() for name in DOSE_FIELDS}
        if not any(said.values()):
            continue
        bad = _dose(said)
        wrong |= {f"{row}.{name}": sentence for name, sentence in bad.items()}
        if not bad:
            kept |= {f"{place}.{name}": _plain(text) for name, text in said.items() if text}
            place += 1
    if not kept and not wrong:
        wrong["0.drug"] = "List at least one opioid with its dose."
    return kept, wrong


def _plain(text: str) -> str:
    value = number_in(text)
    return text if value is None else f"{value:g}"


def _dose(said: Mapping[str, str]) -> dict[str, str]:
    wrong, drug = dict[str, str](), drugs().get(said["drug"])
    dose, times = number_in(said["dose"]), number_in(said["times"])
    if drug is None:
        wrong["drug"] = "Choose an opioid of the table."
    if dose is None or not 0 < dose <= MOST_DOSE:
        wrong["dose"] = f"Write the dose of one intake, up to {MOST_DOSE:,}."
    if drug is not None and drug.by_the_clock:
        if said["times"]:
            wrong["times"] = "Given by the hour: leave the times a day empty."
    elif times is None or not 0 < times <= MOST_TIMES:
        wrong["times"] = f"Write how many times a day, up to {MOST_TIMES}."
    return wrong


def _rows(answers: Answers) -> list[tuple[Drug, float, float]]:
    """Drug, dose of one intake, and intakes a day (1 for what is given by the hour)."""
    count = sum(name.endswith(".drug") for name in answers)
    return [
        (drugs()[answers[f"{row}.drug"]], float(answers[f"{row}.dose"]), float(answers.get(f"{row}.times", "1")))
        for row in range(count)
    ]


def come_to(sheet: Sheet, answers: Answers) -> Reading:
    """What checked answers come to; raises Invalid naming the item where they contradict each other."""
    found = scores().get(sheet.key)
    if found is None:
        came = _BY_NUMBERS[sheet.key](answers)
        return came if sheet.status == "verified" else replace(came, status="unverified")
    summed = total(found, answers)
    if len(found.items) == 1:
        return Reading(float(summed.points), f"Grade {summed.label}", "", summed.status)
    return Reading(float(summed.points), f"{summed.points} of {found.most}", summed.label, summed.status)


def so_far(sheet: Sheet, answers: Answers) -> str:
    """How far a sheet is answered, with the points until now where it adds up points."""
    done = sum(item.key in answers for item in sheet.items)
    words = f"{done} of {len(sheet.items)} answered"
    points = [one.points for item in sheet.items for one in item.picks if answers.get(item.key) == one.key]
    added = [one for one in points if one is not None]
    return f"{words}, {sum(added)} {'point' if sum(added) == 1 else 'points'} so far" if added else words


def parts(sheet: Sheet, answers: Answers) -> tuple[Part, ...]:
    """Each answer in words, in the order of the sheet."""
    if sheet.doses:
        return tuple(_dose_part(*row) for row in _rows(answers))
    return tuple(_part(item, answers[item.key]) for item in sheet.items if item.key in answers)


def _part(item: Asked, answer: str) -> Part:
    chosen = next((one for one in item.picks if one.key == answer), None)
    if chosen is None:
        unit = item.unit if item.unit in ("°", "") else f" {item.unit}"
        return Part(item.label, answer.replace("-", "−") + unit)
    return Part(item.label, chosen.label, "" if chosen.points is None else f"{chosen.points}")


def _dose_part(drug: Drug, dose: float, times: float) -> Part:
    taken = f"{dose:g} {drug.unit}" + ("" if drug.by_the_clock else f", {times:g} times a day")
    return Part(drug.label, f"{taken}, factor {drug.factor:g}", f"{dose * times * drug.factor:.1f}")


def _numbers(answers: Answers) -> dict[str, float]:
    return {key: float(text) for key, text in answers.items() if number_in(text) is not None}


def _graded(found: Graded, unit: str = "") -> Reading:
    return Reading(found.value, f"{found.value:g}{unit}".replace("-", "−"), found.mark, found.status)


def _mme(answers: Answers) -> Reading:
    doses: dict[str, float] = {}
    for drug, dose, times in _rows(answers):
        doses[drug.key] = doses.get(drug.key, 0) + dose * times
    found = opioid_mme(doses)
    said = f"{found.mg_per_day:g} mg of morphine a day, table {found.version}"
    return Reading(found.mg_per_day, said, "", "verified")


def _mjoa(answers: Answers) -> Reading:
    found = mjoa({key: int(value) for key, value in _numbers(answers).items()})
    return Reading(found.value, f"{found.value:g} of 18", found.mark, found.status)


def _start_back(answers: Answers) -> Reading:
    said = _numbers(answers)
    group = start_back(int(said["total"]), int(said["psychosocial"]))
    told = f"{said['total']:g} of 9, subscale {said['psychosocial']:g}"
    return Reading(said["total"], told, f"{group} risk", "verified")


def _lenke(answers: Answers) -> Reading:
    said = _numbers(answers)

    def curve(name: str) -> Curve:
        if said[f"{name}-bending"] > said[f"{name}-standing"]:
            raise Invalid(f"{name}-bending", "On bending a curve is not larger than standing.")
        return Curve(said[f"{name}-standing"], said[f"{name}-bending"])

    try:
        found = lenke(Scoliosis(
            curve("proximal"), curve("thoracic"), curve("lumbar"), said["kyphosis-t2-t5"], said["kyphosis-t5-t12"],
            said["kyphosis-t10-l2"], cast(LumbarModifier, answers["modifier"]),
        ))
    except Invalid as error:
        field = "proximal-bending" if error.field == "proximal" else error.field
        raise Invalid(field, error.reason) from None
    return Reading(None, str(found), f"type {found.type}", found.status)


def _srs_schwab(answers: Answers) -> Reading:
    said = _numbers(answers)
    found = srs_schwab(
        thoracic=said["thoracic"], lumbar=said["lumbar"], incidence_less_lordosis=said["incidence-less-lordosis"],
        sva_cm=said["sva"], tilt=said["tilt"],
    )
    told = f"{found.curve}; PI − LL {found.pi_ll}, SVA {found.sva}, PT {found.tilt}"
    return Reading(None, told, "", "verified")


def _gap(answers: Answers) -> Reading:
    said = _numbers(answers)
    found = gap(Spinopelvic(
        said["incidence"], said["slope"], said["lordosis"], said["low-lordosis"], said["global-tilt"], int(said["age"]),
    ))
    return Reading(found.value, f"{found.value:g} of 13", found.mark, found.status)


def _meyerding(answers: Answers) -> Reading:
    slip = float(answers["slip"])
    found = meyerding(slip)
    if found is None:
        return Reading(slip, "No slip", "", "verified")
    return Reading(slip, f"Grade {found.mark}, {slip:g} %", "", found.status)


def _lordosis_target(answers: Answers) -> Reading:
    said = _numbers(answers)
    found = lordosis_target(said["incidence"], said["age"])
    return Reading(found.value, found.mark, "", found.status)


def _tpa(answers: Answers) -> Reading:
    return _graded(graded("tpa", float(answers["angle"])), "°")


_BY_NUMBERS: Mapping[str, Callable[[Answers], Reading]] = {
    "mme": _mme, "mjoa": _mjoa, "start-back": _start_back, "lenke": _lenke, "srs-schwab": _srs_schwab, "gap": _gap,
    "meyerding": _meyerding, "lordosis-target": _lordosis_target, "tpa": _tpa,
}
