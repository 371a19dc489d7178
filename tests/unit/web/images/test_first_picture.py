"""Which picture a room's page brings along."""

from dataclasses import replace

from sqlmodel import Session

from agenda.people import Person
from conference.room.values import PaneView
from imaging.studies import stack
from tests.rooms import PANE
from tests.unit.web.images.conftest import ELSEWHERE, SERIES
from web.auth.sessions import actor_from
from web.images.first_picture import FirstPicture, first_picture
from web.services import Services


def brought(services: Services, person_id: str, led: PaneView | None = None) -> FirstPicture | None:
    def work(session: Session) -> FirstPicture | None:
        person = session.get(Person, person_id)
        assert person is not None
        return first_picture(session, "case1", actor_from(session, person), led)

    return services.database.read_now(work)


def test_a_page_brings_what_everybody_is_led_to_else_the_opening_picture(
    services: Services, people: dict[str, str]
) -> None:
    frames = [one.sop_instance_uid for one in services.database.read_now(stack, SERIES)]
    opening = brought(services, people["Ada"])
    assert opening is not None
    assert (opening.series_instance_uid, opening.sop_instance_uid, opening.frame) == (SERIES, frames[2], 1)
    led = brought(services, people["Ada"], replace(PANE, series_instance_uid=SERIES, sop_instance_uid=frames[4]))
    assert led is not None
    assert (led.sop_instance_uid, led.address.split("/")[4]) == (frames[4], frames[4])
    assert brought(services, people["Ada"], replace(PANE, series_instance_uid=ELSEWHERE)) == opening
    assert brought(services, people["Fay"]) is None
