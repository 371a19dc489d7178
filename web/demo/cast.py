"""Who sits on the demo's board, where, and what for. Invented people."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from agenda.boards import Board, seat
from agenda.clinical import spine
from agenda.ids import new_id
from agenda.people import Person, Site, add_person, keep_disciplines
from web.auth.proof import set_password

BOARD = "Intermountain Spine Board"
CHARTER = (
    "Second opinions and joint recommendations for people with complex spine problems between the Front Range and the "
    "lake. Every case is heard by surgery, rehabilitation, pain medicine, therapy and radiology with equal voice."
)
REQUIRED = ("spine-surgery", "physiatry", "pain-medicine", "neuroradiology", "physical-therapy")
SITES: Mapping[str, tuple[str, str, bool]] = {
    "denver": ("Front Range Spine Center, Denver", "America/Denver", False),
    "chicago": ("Lakeshore University Hospital, Chicago", "America/Chicago", False),
    "ogallala": ("Prairie Creek Clinic, Ogallala", "America/Denver", True),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One person of the cast."""

    key: str
    label: str
    """What the person is for a newcomer."""
    name: str
    credentials: str
    standing: str
    discipline: str | None
    site: str
    seat: str | None


CAST: tuple[Part, ...] = (
    Part("administrator", "Administrator", "Riley Okafor", "", "administrator", None, "denver", None),
    Part("coordinator", "Coordinator", "Maren Lindqvist", "RN", "coordinator", None, "denver", "coordinator"),
    Part("chair", "Chair, spine surgeon", "Helena Ostrowski", "MD, FACS", "member", "spine-surgery", "denver", "chair"),
    Part("neurosurgeon", "Neurosurgeon", "Samuel Adeyemi", "MD", "member", "neurosurgery", "chicago", "core"),
    Part("physiatrist", "Physiatrist", "Priya Raman", "MD", "member", "physiatry", "denver", "core"),
    Part("pain", "Pain specialist", "Tomás Herrera", "MD", "member", "pain-medicine", "chicago", "core"),
    Part("radiologist", "Neuroradiologist", "Ingrid Solheim", "MD", "member", "neuroradiology", "chicago", "core"),
    Part("therapist", "Physical therapist", "Daniel Kwon", "DPT", "member", "physical-therapy", "denver", "core"),
    Part("chiropractor", "Chiropractor", "Ruth Abelson", "DC", "member", "chiropractic", "denver", "extended"),
    Part("psychologist", "Psychologist", "Noor Haddad", "PhD", "member", "psychology", "chicago", "extended"),
    Part("anaesthesiologist", "Anaesthesiologist", "Victor Lang", "MD", "member", "anaesthesia", "chicago", "extended"),
    Part("rural", "Rural provider", "Jo Whitfield", "MD", "referrer", "primary-care", "ogallala", None),
    Part("rural2", "Second rural provider", "Caleb Yazzie", "PA-C", "referrer", "primary-care", "ogallala", None),
    Part("observer", "Observer, trainee", "Amy Tran", "MD", "member", None, "denver", "observer"),
)


@dataclass(frozen=True, slots=True)
class Company:
    """The cast once it has rows."""

    board_id: str
    people: Mapping[str, Person]
    """Key of the cast → person."""

    def id(self, key: str) -> str:
        """The identity of a person of the cast."""
        return self.people[key].id


def engage(session: Session, hashed_password: str, at: datetime) -> Company:
    """Make sites, disciplines, the board, and everybody with the same password."""
    sites = {key: Site(name=name, time_zone=zone, rural=rural) for key, (name, zone, rural) in SITES.items()}
    session.add_all(sites.values())
    keep_disciplines(session, spine().disciplines)
    board = Board(id=new_id(), name=BOARD, charter=CHARTER, time_zone="America/Denver",
                  required_disciplines=list(REQUIRED))
    session.add(board)
    session.flush()
    people: dict[str, Person] = {}
    for part in CAST:
        person = add_person(
            session, name=part.name, email=f"{part.key}@demo.example", standing=part.standing,
            site_id=sites[part.site].id, discipline=part.discipline, credentials=part.credentials,
        )
        set_password(session, person.id, hashed_password, at)
        if part.seat is not None:
            seat(session, board.id, person.id, part.seat)
        people[part.key] = person
    return Company(board.id, people)
