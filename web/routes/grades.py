"""Blind double grading of a case's images: one's own grade, what both said once both are in, and the running kappa."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.cases import case
from agenda.clinical import spine
from agenda.errors import Invalid
from agenda.grades import give_grade, running_kappa, seen
from agenda.grading import ENOUGH, gradings
from agenda.numberings import standing
from conference.policy import Action, Actor, may
from web.access import actor, demand, in_session, note_read, reading
from web.cases.levels import gradable, note
from web.clock import now
from web.pages import done, page, status_for, wants_json
from web.resources import case_resource
from web.services import services


class Said(BaseModel):
    """The form of one grade."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    instrument: str = Field(default="", max_length=40)
    level: str = Field(default="L4-L5", max_length=20)
    side: str = Field(default="", max_length=5)
    grade: str = Field(default="", max_length=5)


def _view(session: Session, who: Actor, case_id: str, said: Said) -> dict[str, Any]:
    resource = case_resource(session, case_id)
    demand(who, Action.CASE_READ, resource)
    found = seen(session, case_id, who.person_id)
    chosen = gradings().get(said.instrument) or next(iter(gradings().values()))
    stands = standing(session, case_id)
    return {
        "case": case(session, case_id), "places": found, "gradings": gradings(), "chosen": chosen, "typed": said,
        "levels": gradable(stands, chosen), "kappas": running_kappa(session, resource.board_id),
        "enough": ENOUGH, "short": spine().short, "notes": [note(one) for one in found if one.apart],
        "may_grade": bool(may(who, Action.GRADE_GIVE, resource)), "numbered": stands.accepted is not None,
        "inside": resource.board_id in who.boards,
    }


async def _page(request: Request, said: Said, status: int = 200, *, errors: dict[str, str] | None = None) -> Response:
    view = await reading(request, _view, actor(request), request.path_params["case_id"], said)
    return page(request, "grades/show.html", status_for(request, status), errors=errors or {}, **view)


async def show(request: Request) -> Response:
    """The grades of a case as this person may see them."""
    answer = await _page(request, Said.model_validate(dict(request.query_params)))
    await note_read(request, Action.CASE_READ, f"case {request.path_params['case_id']}")
    return answer


def _give(session: Session, who: Actor, case_id: str, said: Said) -> None:
    demand(who, Action.GRADE_GIVE, case_resource(session, case_id))
    give_grade(
        session, case_id, instrument=said.instrument, level=said.level, side=said.side, grade=said.grade,
        grader_id=who.person_id, discipline=who.discipline or "", at=now(),
    )


async def give(request: Request) -> Response:
    """Give one's grade, or change it while the other is out."""
    case_id, form = request.path_params["case_id"], await request.form()
    said = Said.model_validate({name: value for name, value in form.items() if isinstance(value, str)})
    try:
        await in_session(request, "grade.give", _give, actor(request), case_id, said)
    except Invalid as error:
        if wants_json(request):
            raise
        return await _page(request, said, 422, errors={error.field: error.reason})
    await services(request).rooms.announce_levels(case_id, "grades")
    return done(request, f"/cases/{case_id}/grades?instrument={said.instrument}#graded")


routes: list[BaseRoute] = [
    Route("/cases/{case_id}/grades", show, methods=["GET"]),
    Route("/cases/{case_id}/grades", give, methods=["POST"]),
]
