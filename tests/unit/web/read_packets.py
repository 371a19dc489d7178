"""A published sitting whose one case has images, for tests of packets, prints and copies."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from uuid import uuid4

from httpx import Response
from sqlmodel import Session

from agenda.cases import add_study
from agenda.clinical import spine
from agenda.ids import CaseId, ConferenceId, PersonId
from conference.room import commands as c
from conference.room.refused import Refused
from conference.room.values import CommandId, Participant
from imaging.intake import Arrived, index
from tests.patience import patience
from tests.unit.imaging.objects.orders import FIRST, SECOND, STUDY
from tests.unit.imaging.samples import slice_of
from tests.unit.web.desk import Desk, a_sitting
from web.clock import now

SECRET = "Xylocopa"
"""Only the sealed opinion says this."""
OPINION = {f"rating-{option.key}": "7" for option in spine().options} | {
    "preferred": "watchful", "confidence": "83", "concordance": "3", "comment": f"Wait and see, {SECRET}",
}
CHAIR = Participant(PersonId("chair"), "Dr Chair", "spine-surgery", "chair")


@dataclass(frozen=True, slots=True)
class Sat:
    """The sitting and its case."""

    desk: Desk
    sitting: ConferenceId
    case: CaseId

    @property
    def path(self) -> str:
        """The packet's page."""
        return f"/conferences/{self.sitting}/cases/{self.case}"

    def page(self, who: str) -> str:
        """The packet as somebody sees it."""
        answer = self.desk.as_(who).get(self.path)
        assert answer.status_code == 200, answer.text
        return str(answer.text)

    def publish(self) -> None:
        """As the coordinator's button does."""
        assert self.desk.as_("coordinator").post(f"/conferences/{self.sitting}/publish").status_code == 303

    def choose(self, who: str = "radiologist", sop: str = FIRST, **more: str) -> Response:
        """Make an image a key image, or what `act` says."""
        form = {"act": "choose", "sop": sop, "frame": "1", "conference": self.sitting} | more
        answer: Response = self.desk.as_(who).post(f"/cases/{self.case}/key-images", data=form)
        return answer

    def say(self, command: c.Command, who: Participant | None = CHAIR) -> None:
        """A command in the sitting's room."""
        rooms, portal = self.desk.app.state.services.rooms, self.desk.browser.portal
        assert portal is not None
        answer = portal.call(rooms.execute, self.sitting, who, CommandId(str(uuid4())), command)
        assert not isinstance(answer, Refused), answer

    def until(self, done: Callable[[], bool]) -> None:
        """Ask until it is so; every question is a request, so that the application goes on meanwhile."""
        deadline = monotonic() + patience(30)
        while not done():
            assert monotonic() < deadline
            self.desk.browser.get("/healthz")


def sit(desk: Desk, folder: Path) -> Sat:
    """A sitting that is planned, with two images of its case."""
    sitting, (case_id,) = desk.do(a_sitting, 1)
    places = []
    for number, uid in enumerate((FIRST, SECOND)):
        places.append(folder / f"{case_id}-{number}.dcm")
        places[-1].write_bytes(slice_of(number + 1, SOPInstanceUID=uid, StudyInstanceUID=STUDY))
    intake = desk.app.state.services.uploads.intake
    found = intake.inspect([Arrived(one.name, one) for one in places])
    kept = intake.keep(found.candidates)

    def enter(session: Session) -> None:
        index(session, kept, found.refused, delivery="test", at=now())
        add_study(session, case_id, STUDY, now())

    desk.do(enter)
    return Sat(desk, ConferenceId(sitting), CaseId(case_id))
