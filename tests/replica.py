"""A second pair of eyes: the viewer's projection, folded from shown events as JSON and from nothing else.

Written from `web/docs/protocol.md`, not from `conference.room.state`; the browser's replica does the
same in TypeScript.
"""

from typing import Any

Shown = dict[str, Any]


def empty() -> Shown:
    return {
        "seq": 0,
        "phase": "preparing",
        "table": None,
        "people": {},
        "floor": None,
        "hands": [],
        "admitted": [],
        "cases": {},
        "order": [],
        "planned": {},
    }


def fold(projection: Shown, records: list[Shown]) -> Shown:
    """Fold records into a projection, which is changed and given back."""
    for record in records:
        assert record["seq"] == projection["seq"] + 1, "a gap"
        projection["seq"] = record["seq"]
        _one(projection, record["event"], record["at"])
    return projection


def _one(p: Shown, event: Shown, at: str) -> None:
    kind = event["type"]
    if kind in ("sealed", "levels-changed"):  # neither changes anything
        return
    case = p["cases"].get(event.get("case")) if isinstance(event.get("case"), str) else None
    handler = globals()["_" + kind.replace("-", "_")]
    if handler in _ON_CASE:
        if case is not None:
            handler(case, event, at)
    else:
        handler(p, event, at)


def _joined(p: Shown, event: Shown, at: str) -> None:
    who = event["participant"]
    before = p["people"].get(who["person_id"])
    stays = before["presence"] if before else []
    speaks = who["cases"] is None and who["role"] in _VOICED
    if not before or not before["present"] or stays[-1]["voiced"] != speaks:
        stays = [*_ended(stays, at), {"since": at, "until": None, "voiced": speaks}]
    p["people"][who["person_id"]] = {
        "name": who["name"],
        "discipline": who["discipline"],
        "role": who["role"],
        "present": True,
        "cases": who["cases"],
        "presence": stays,
    }


_VOICED = ("chair", "presenter", "member")


def _ended(intervals: list[Shown], at: str) -> list[Shown]:
    if not intervals or intervals[-1]["until"] is not None:
        return intervals
    return [*intervals[:-1], {**intervals[-1], "until": at}]


def _guest_admitted(p: Shown, event: Shown, at: str) -> None:
    p["admitted"] = [one for one in p["admitted"] if one != event["person"]] + [event["person"]]


def _guest_put_out(p: Shown, event: Shown, at: str) -> None:
    _out(p, [event["person"]])


def _out(p: Shown, guests: list[str]) -> None:
    p["admitted"] = [one for one in p["admitted"] if one not in guests]
    p["hands"] = [one for one in p["hands"] if one not in guests]
    if p["floor"] in guests:
        p["floor"] = None


def _clear(p: Shown, at: str) -> None:
    if p["table"] is not None:
        _out(p, list(p["admitted"]))
        case = p["cases"].get(p["table"])
        if case is not None:
            case["on_table"] = _ended(case["on_table"], at)
    p["table"] = None


def _cases_timed(p: Shown, event: Shown, at: str) -> None:
    p["planned"] = event["planned"]


def _left(p: Shown, event: Shown, at: str) -> None:
    if event["person"] in p["people"]:
        seat = p["people"][event["person"]]
        seat["present"] = False
        seat["presence"] = _ended(seat["presence"], at)
    _lower(p, event["person"])
    if p["floor"] == event["person"]:
        p["floor"] = None


def _lower(p: Shown, person: str) -> None:
    p["hands"] = [one for one in p["hands"] if one != person]


def _role_assigned(p: Shown, event: Shown, at: str) -> None:
    if event["person"] in p["people"]:
        seat = p["people"][event["person"]]
        seat["role"] = event["role"]
        speaks = seat["cases"] is None and event["role"] in _VOICED
        if seat["present"] and seat["presence"][-1]["voiced"] != speaks:
            seat["presence"] = [*_ended(seat["presence"], at), {"since": at, "until": None, "voiced": speaks}]


def _floor_passed(p: Shown, event: Shown, at: str) -> None:
    p["floor"] = event["person"]
    _lower(p, event["person"])


def _hand_raised(p: Shown, event: Shown, at: str) -> None:
    _lower(p, event["person"])
    p["hands"].append(event["person"])


def _hand_lowered(p: Shown, event: Shown, at: str) -> None:
    _lower(p, event["person"])


def _conference_opened(p: Shown, event: Shown, at: str) -> None:
    p["phase"] = "open"


def _conference_ended(p: Shown, event: Shown, at: str) -> None:
    _clear(p, at)
    p |= {"phase": "ended", "floor": None, "hands": []}


def _case_listed(p: Shown, event: Shown, at: str) -> None:
    key = event["brief"]["case"]
    if key not in p["cases"]:
        p["order"].append(key)
        p["cases"][key] = {
            "brief": event["brief"],
            "options": event["options"],
            "studies": [],
            "shown": None,
            "marks": {},
            "round": 1,
            "opinions": {},
            "revealed": [],
            "stances": {},
            "tried": [],
            "non_operative": None,
            "recommendation": None,
            "closings": {},
            "absent": {},
            "signed": None,
            "minutes": None,
            "called_at": None,
            "on_table": [],
        }
        return
    case = p["cases"][key]
    listed = {option["key"] for option in event["options"]}
    case["options"] = event["options"] + [option for option in case["options"] if option["key"] not in listed]
    case["brief"] = event["brief"]


def _case_unlisted(p: Shown, event: Shown, at: str) -> None:
    p["cases"].pop(event["case"], None)
    p["order"] = [key for key in p["order"] if key != event["case"]]
    if p["table"] == event["case"]:
        p["table"] = None


def _cases_arranged(p: Shown, event: Shown, at: str) -> None:
    p["order"] = event["order"]


def _case_called(p: Shown, event: Shown, at: str) -> None:
    _clear(p, at)
    p["table"] = event["case"]
    if event["case"] is not None:
        case = p["cases"][event["case"]]
        case["called_at"] = at
        case["on_table"].append({"since": at, "until": None})


def _images_arrived(case: Shown, event: Shown, at: str) -> None:
    case["studies"].append(event["study_instance_uid"])


def _shown(case: Shown, event: Shown, at: str) -> None:
    case["shown"] = event["viewport"]


def _drawn(p: Shown, event: Shown, at: str) -> None:
    mark = event["mark"]
    p["cases"][mark["case"]]["marks"][mark["mark"]] = dict(mark)


def _reshaped(p: Shown, event: Shown, at: str) -> None:
    for case in p["cases"].values():
        if event["mark"] in case["marks"]:
            case["marks"][event["mark"]] |= {name: event[name] for name in ("revision", "points", "text", "measured")}


def _erased(p: Shown, event: Shown, at: str) -> None:
    for case in p["cases"].values():
        case["marks"].pop(event["mark"], None)


def _opinion_given(case: Shown, event: Shown, at: str) -> None:
    given = {name: event[name] for name in ("round", "person", "name", "discipline", "opinion")}
    case["opinions"][f"{event['round']}:{event['person']}"] = given


def _opinion_sealed(case: Shown, event: Shown, at: str) -> None:
    _opinion_given(case, event | {"opinion": None}, at)


def _opinions_revealed(case: Shown, event: Shown, at: str) -> None:
    case["revealed"].append(event["round"])
    for person, opinion in event["opinions"].items():
        case["opinions"][f"{event['round']}:{person}"]["opinion"] = opinion


def _round_opened(case: Shown, event: Shown, at: str) -> None:
    case["round"] = event["round"]


def _option_added(case: Shown, event: Shown, at: str) -> None:
    case["options"].append(event["option"])


def _stances_taken(case: Shown, event: Shown, at: str) -> None:
    by = {"person": event["person"], "name": event["name"]}
    taken = {key: {**one, **by} for key, one in event["stances"].items()}
    case["stances"][event["discipline"]] = {**case["stances"].get(event["discipline"], {}), **taken}


def _evidence_listed(case: Shown, event: Shown, at: str) -> None:
    case["tried"] = event["rows"]


def _non_operative_stated(case: Shown, event: Shown, at: str) -> None:
    case["non_operative"] = {name: event[name] for name in ("standing", "reason", "evidence", "person", "name")}


def _recommendation_drafted(case: Shown, event: Shown, at: str) -> None:
    case["recommendation"] = {
        "revision": event["revision"],
        "person": event["person"],
        "recommendation": event["recommendation"],
        "digest": None,
    }
    case["closings"] = {}


def _recommendation_read_back(case: Shown, event: Shown, at: str) -> None:
    case["recommendation"]["digest"] = event["digest"]


def _recommendation_reopened(case: Shown, event: Shown, at: str) -> None:
    case["recommendation"]["digest"] = None
    case["closings"] = {}
    case["minutes"] = None


def _minutes_frozen(case: Shown, event: Shown, at: str) -> None:
    case["minutes"] = {"text": event["text"], "digest": event["digest"]}


def _attested(case: Shown, event: Shown, at: str) -> None:
    voice = {name: event[name] for name in ("revision", "person", "name", "discipline", "closing", "reason")} | {
        "at": at
    }
    case["absent"].pop(event["discipline"], None)
    closed = case["closings"].get(event["discipline"])
    if closed is None:
        case["closings"][event["discipline"]] = voice | {"others": []}
    elif closed["person"] == event["person"]:
        closed |= voice
    else:
        closed["others"] = [other for other in closed["others"] if other["person"] != event["person"]] + [voice]


def _discipline_marked_absent(case: Shown, event: Shown, at: str) -> None:
    case["absent"][event["discipline"]] = event["reason"]


def _signed(case: Shown, event: Shown, at: str) -> None:
    case["signed"] = {name: event[name] for name in ("revision", "person", "name", "signature", "provisional")} | {
        "at": at
    }


_ON_CASE = {
    _images_arrived,
    _shown,
    _opinion_given,
    _opinion_sealed,
    _opinions_revealed,
    _round_opened,
    _option_added,
    _stances_taken,
    _evidence_listed,
    _non_operative_stated,
    _recommendation_drafted,
    _recommendation_read_back,
    _recommendation_reopened,
    _minutes_frozen,
    _attested,
    _discipline_marked_absent,
    _signed,
}
