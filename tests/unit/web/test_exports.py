"""The way out of a case by HTTP: download, send, retry, cancel, and marks of others taken into the room."""

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from uuid import uuid4

import pytest
from pydicom import Dataset, dcmread
from sqlmodel import Session, select

from agenda.cases import add_study, case
from agenda.cases import questions as asked_of
from agenda.ids import CaseId, ConferenceId, PersonId
from conference.outcome.kept import KeptLetter
from conference.record.audit import AuditEntry
from conference.room import commands as c
from conference.room.refused import Refused
from conference.room.values import CommandId, MarkId, Participant, Recommendation, Stance, Viewport
from imaging.dimse.listener import Listener, Received
from imaging.intake import Arrived, Outcome, index
from imaging.nodes import Node
from imaging.objects.uids import tracking_uid
from imaging.outbound.queue import Sending
from imaging.settings import DimseSettings, ImagingSettings
from tests.patience import patience
from tests.unit.imaging.objects.orders import COBB, FIRST, SECOND, SERIES, STUDY, annotation, only, order
from tests.unit.imaging.samples import slice_of
from tests.unit.web.application import PASSWORD
from tests.unit.web.desk import Desk, a_desk, a_sitting
from web.auth.passwords import keep_password
from web.clock import now
from web.database import Deed
from web.services import Services
from web.upkeep.orders import Office, OrderRefused, carry_out

CHAIR = Participant(PersonId("chair"), "Dr Chair", "spine-surgery", "chair")
RADIOLOGIST = Participant(PersonId("radiologist"), "Dr Radiologist", "neuroradiology", "member")
MARK = MarkId("0f0e0d0c-0000-4000-8000-000000000001")


class Archive:
    """A PACS of others, which can be out."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.got, self.room = folder, list[Dataset](), True
        here = DimseSettings(enabled=True, port=0, peers=("CONSILIUM",), ae_title="PACS", silence_s=20)
        self.listener = Listener(here, folder / "pacs", self.admit)

    def admit(self, received: Received) -> Outcome:
        if not self.room:
            return Outcome("x", "refused", "disk-full", "Full.")
        self.got.append(dcmread(received.path))
        return Outcome("x", "taken")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    made = Archive(tmp_path_factory.mktemp("archive"))
    yield made
    made.listener.stop()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, archive: Archive, password_hash: str) -> Iterator[Desk]:
    node = Node(name="Archive", host="127.0.0.1", port=archive.listener.port, ae_title="PACS")
    with a_desk(tmp_path_factory.mktemp("exports"), ImagingSettings(nodes=(node,))) as made:
        made.do(lambda session: keep_password(session, "chair", password_hash, now()))
        yield made


class Meeting:
    """A sitting whose one case has images and a mark on them."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk, self.folder = desk, folder
        sitting, (case_id,) = desk.do(a_sitting, 1)
        self.sitting, self.case = ConferenceId(sitting), CaseId(case_id)
        self.path = f"/cases/{case_id}/exports"

    def take(self, *files: bytes) -> None:
        """Through the intake, as any door does."""
        made: Services = self.desk.app.state.services
        places = []
        for number, file in enumerate(files):
            places.append(self.folder / f"in-{number}.dcm")
            places[-1].write_bytes(file)
        intake = made.uploads.intake
        found = intake.inspect([Arrived(one.name, one) for one in places])
        kept = intake.keep(found.candidates)

        def enter(session: Session) -> None:
            index(session, kept, found.refused, delivery="test", at=now())
            add_study(session, self.case, STUDY, now())

        self.desk.do(enter)

    def say(self, who: Participant | None, command: c.Command) -> None:
        rooms = self.desk.app.state.services.rooms
        portal = self.desk.browser.portal
        assert portal is not None
        answer = portal.call(rooms.execute, self.sitting, who, CommandId(str(uuid4())), command)
        assert not isinstance(answer, Refused), answer

    def sit(self) -> None:
        self.say(None, c.Join(CHAIR))
        self.say(CHAIR, c.OpenConference())
        self.say(CHAIR, c.CallCase(self.case))

    def mark(self) -> None:
        self.say(CHAIR, c.Draw(MARK, self.case, "cobb", FIRST, 1, COBB, "upper curve"))
        self.say(CHAIR, c.Show(self.case, Viewport(SERIES, SECOND, 1, 90.0, 210.0, 1.0, (0.0, 0.0), 0, False, False)))

    def files(self, who: str = "chair", **kinds: object) -> dict[str, Dataset]:
        answer = self.desk.as_(who).get(f"{self.path}.zip", params=kinds)
        assert answer.status_code == 200, answer.text
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            return {name: dcmread(io.BytesIO(archive.read(name))) for name in archive.namelist()}

    def settled(self, count: int, state: str) -> list[Sending]:
        """The sendings of this case once so many are in a state."""
        self.until(lambda: len(self.sendings(state)) >= count)
        return self.sendings(state)

    def until(self, done: Callable[[], bool]) -> None:
        """Ask until it is so; every question is a request, so that the application goes on meanwhile."""
        deadline = monotonic() + patience(30)
        while not done():
            assert monotonic() < deadline
            self.desk.browser.get("/healthz")

    def sendings(self, state: str) -> list[Sending]:
        def read(session: Session) -> list[Sending]:
            return list(session.exec(select(Sending).where(Sending.about == self.case, Sending.state == state)))

        return self.desk.read(read)


@pytest.fixture
def empty(desk: Desk, tmp_path: Path) -> Meeting:
    return Meeting(desk, tmp_path)


@pytest.fixture(scope="module")
def meeting(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Meeting:
    made = Meeting(desk, tmp_path_factory.mktemp("meeting"))
    made.take(slice_of(1), slice_of(2))
    made.sit()
    made.mark()
    return made


def test_a_case_without_marks_says_what_to_do(empty: Meeting) -> None:
    page = empty.desk.as_("chair").get(empty.path)
    assert page.status_code == 200
    assert "once it is signed" in page.text
    answer = empty.desk.as_("chair").get(f"{empty.path}.zip")
    assert answer.status_code == 409
    assert "nothing to download yet" in answer.text


def test_the_zip_holds_what_the_room_drew_and_who_may_not_see_the_case_gets_none(meeting: Meeting) -> None:
    files = meeting.files("referrer")
    assert sorted(files) == [f"study-1/{name}.dcm" for name in ("key-images", "marks", "measurements")]
    for made in files.values():
        assert (made.StudyInstanceUID, str(made.PatientName)) == (STUDY, "Rivera^Ana")
    group = files["study-1/measurements.dcm"].ContentSequence[-1].ContentSequence[0]
    uids = [one.UID for one in group.ContentSequence if one.ValueType == "UIDREF"]
    assert uids == [tracking_uid(MARK)]
    (voi,) = files["study-1/marks.dcm"].SoftcopyVOILUTSequence
    assert (voi.WindowCenter, voi.WindowWidth) == (90, 210)
    assert list(meeting.files(kind="keys")) == ["study-1/key-images.dcm"]
    assert meeting.desk.as_("stranger").get(f"{meeting.path}.zip").status_code == 403
    entries = meeting.desk.read(lambda session: list(session.exec(select(AuditEntry))))
    objects = {one.record for one in entries if one.activity == "case.export" and one.actor_id == "referrer"}
    assert f"{meeting.case}/object/{files['study-1/marks.dcm'].SOPInstanceUID}" in objects


def test_the_command_line_writes_the_same_files_once(meeting: Meeting, tmp_path: Path) -> None:
    made: Services = meeting.desk.app.state.services
    office = Office(made.settings, made.database, made.uploads.intake)
    asked = {"case": str(meeting.desk.read(case, meeting.case).number), "directory": str(tmp_path / "out")}
    done = carry_out(office, "case.export", asked, lambda _what, _share: None)
    files = meeting.files()
    assert done["files"] == sorted(files)
    for name, one in files.items():
        assert dcmread(tmp_path / "out" / name).SOPInstanceUID == one.SOPInstanceUID
    with pytest.raises(OrderRefused, match="nothing is overwritten"):
        carry_out(office, "case.export", asked, lambda _what, _share: None)
    entries = meeting.desk.read(lambda session: list(session.exec(select(AuditEntry))))
    assert sum(one.activity == "case.export" and one.actor_name == "Command line" for one in entries) == len(files)


def test_sent_objects_arrive_once_and_are_told(meeting: Meeting, archive: Archive) -> None:
    browser = meeting.desk.as_("coordinator")
    form = {"node": "Archive", "kind": ["report", "keys"]}
    assert browser.post(meeting.path, data=form).headers["location"] == f"{meeting.path}#sent"
    sent = meeting.settled(2, "sent")
    assert {str(one.Modality) for one in archive.got} == {"SR", "KO"}
    assert {one.said for one in sent} == {"Archive has stored it."}
    assert browser.post(meeting.path, data=form).status_code == 303
    page = browser.get(meeting.path).text
    assert page.count("Archive has stored it.") == 2
    assert len(archive.got) == 2
    spool: Services = meeting.desk.app.state.services
    meeting.until(lambda: list(spool.outgoing.spool.folder.iterdir()) == [])


def test_what_an_archive_has_no_room_for_waits_and_is_cancelled_or_tried_at_once(
    meeting: Meeting, archive: Archive
) -> None:
    archive.room = False
    browser = meeting.desk.as_("chair")
    browser.post(meeting.path, data={"node": "Archive", "kind": "presentation"})
    (row,) = meeting.settled(1, "waiting")
    meeting.until(lambda: meeting.sendings("waiting")[0].attempts == 1)
    page = browser.get(meeting.path).text
    assert "no room at the moment (status A700H)" in page
    assert "Tried 1 time" in page
    assert browser.post(f"{meeting.path}/sendings/{row.id}", data={"act": "cancel"}).status_code == 303
    assert len(meeting.settled(1, "cancelled")) == 1
    assert browser.post(f"{meeting.path}/sendings/{row.id}", data={"act": "cancel"}).status_code == 409
    assert browser.post(f"{meeting.path}/sendings/nothing", data={"act": "retry"}).status_code == 404
    archive.room = True
    assert browser.post(f"{meeting.path}/sendings/{row.id}", data={"act": "retry"}).status_code == 303
    assert len(meeting.settled(3, "sent")) == 3


@pytest.mark.parametrize(("form", "said"), [
    ({"node": "Nowhere", "kind": "report"}, "where to send"), ({"node": "Archive"}, "at least one thing"),
    ({"node": "Archive", "kind": "letter"}, "nothing to send yet"),
])
def test_a_form_that_says_too_little_is_answered_beside_it(meeting: Meeting, form: dict[str, str], said: str) -> None:
    answer = meeting.desk.as_("chair").post(meeting.path, data=form)
    assert answer.status_code in (409, 422)
    assert said in answer.text


def test_only_chair_and_coordinator_send(meeting: Meeting) -> None:
    for who, status in (("radiologist", 403), ("referrer", 403), ("trainee", 403)):
        browser = meeting.desk.as_(who)
        assert browser.post(meeting.path, data={"node": "Archive", "kind": "report"}).status_code == status
        assert ">Send<" not in browser.get(meeting.path).text


def of_another(folder: Path) -> bytes:
    """A report as another hospital's viewer would write it: two lines, one of them on an image we do not have."""
    made = dcmread(io.BytesIO(only(order(folder, (annotation(0, "length"), annotation(2, "angle"))), "report")))
    made.Manufacturer, made.ManufacturerModelName = "OHIF", "Viewer"
    made.SeriesInstanceUID = "1.2.826.0.1.3680043.9.3.77"
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = "1.2.826.0.1.3680043.9.1.77"
    out = io.BytesIO()
    made.save_as(out, enforce_file_format=True)
    return out.getvalue()


def test_marks_of_others_are_taken_into_the_open_room_under_ones_own_name(meeting: Meeting, tmp_path: Path) -> None:
    meeting.take(of_another(tmp_path / "other"))
    browser = meeting.desk.as_("chair")
    page = browser.get(meeting.path).text
    assert "Müller Ana, OHIF Viewer" in page
    assert "Add to the room" in page
    form = {"object": "1.2.826.0.1.3680043.9.1.77"}
    answer = browser.post(f"{meeting.path}/marks", data=form)
    assert "2 marks were added" in answer.text
    assert "All in the room" in answer.text
    portal = meeting.desk.browser.portal
    assert portal is not None
    state = portal.call(meeting.desk.app.state.services.rooms.state, meeting.sitting)
    texts = {mark.kind: mark.text for mark in state.cases[meeting.case].marks.values() if mark.mark != MARK}
    assert texts == {"length": "Disc L4/5 (from Müller Ana, OHIF Viewer)", "angle": "From Müller Ana, OHIF Viewer"}
    assert all(mark.author == "chair" for mark in state.cases[meeting.case].marks.values())
    again = browser.post(f"{meeting.path}/marks", data=form)
    assert "were added" not in again.text
    assert len(portal.call(meeting.desk.app.state.services.rooms.state, meeting.sitting).cases[meeting.case].marks) == 3
    assert browser.post(f"{meeting.path}/marks", data={"object": FIRST}).status_code == 404


def test_our_own_report_coming_back_is_known(meeting: Meeting) -> None:
    made = meeting.files(kind="report")["study-1/measurements.dcm"]
    out = io.BytesIO()
    made.save_as(out, enforce_file_format=True)
    meeting.take(out.getvalue())
    assert "Consilium" in meeting.desk.as_("chair").get(meeting.path).text
    answer = meeting.desk.as_("chair").post(f"{meeting.path}/marks", data={"object": str(made.SOPInstanceUID)})
    assert answer.status_code == 200
    assert "were added" not in answer.text


def hostile(folder: Path, uid: str, **said: object) -> bytes:
    made = dcmread(io.BytesIO(of_another(folder)))
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = uid
    for keyword, value in said.items():
        setattr(made, keyword, value)
    out = io.BytesIO()
    made.save_as(out, enforce_file_format=True)
    return out.getvalue()


def test_an_object_that_cannot_be_read_says_so_and_costs_itself_alone(empty: Meeting, tmp_path: Path) -> None:
    other = Dataset()
    other.TemplateIdentifier, other.MappingResource = "5000", "DCMR"
    empty.take(
        slice_of(1), hostile(tmp_path / "a", "1.2.826.0.1.3680043.9.1.78", ContentTemplateSequence=[other]),
        hostile(tmp_path / "b", "1.2.826.0.1.3680043.9.1.79").replace(b"POLYLINE", b"HELIX   "),
    )
    page = empty.desk.as_("chair").get(empty.path)
    assert page.status_code == 200
    assert "template 5000; TID 1500 is read" in page.text
    assert "A graphic of type HELIX fits no mark." in page.text
    answer = empty.desk.as_("chair").post(f"{empty.path}/marks", data={"object": "1.2.826.0.1.3680043.9.1.78"})
    assert answer.status_code == 409


def test_a_signed_letter_goes_out_as_a_document_of_the_newest_study(desk: Desk, tmp_path: Path) -> None:
    meeting = Meeting(desk, tmp_path)
    meeting.take(slice_of(1), slice_of(2))
    questions = desk.read(lambda session: [one.id for one in asked_of(session, meeting.case)])
    meeting.say(None, c.Join(RADIOLOGIST))
    meeting.sit()
    words = Recommendation("majority", "surgical", "Concordant.", dict.fromkeys(questions, "Yes."), (), "", "")
    meeting.say(CHAIR, c.DraftRecommendation(meeting.case, 0, words))
    meeting.say(CHAIR, c.StateNonOperative(meeting.case, "declined", "Wants it done.", ()))
    meeting.say(CHAIR, c.ReadBack(meeting.case, 1))
    for who in (CHAIR, RADIOLOGIST):
        meeting.say(who, c.TakeStances(meeting.case, {"surgical": Stance("for", "")}))
        meeting.say(who, c.Attest(meeting.case, 1, "concur", ""))
    order = {"revision": 1, "password": PASSWORD}
    signed = desk.as_("chair").post(f"/conferences/{meeting.sitting}/cases/{meeting.case}/sign", json=order)
    assert signed.status_code == 200, signed.text
    (letter,) = meeting.files("referrer", kind="letter").values()
    assert letter.SOPClassUID == "1.2.840.10008.5.1.4.1.1.104.1"
    assert letter.EncapsulatedDocument.startswith(b"%PDF-")
    assert (letter.StudyInstanceUID, str(letter.PatientName)) == (STUDY, "Rivera^Ana")
    (again,) = meeting.files("chair", kind="letter").values()
    assert (again.SOPInstanceUID, again.EncapsulatedDocument) == (letter.SOPInstanceUID, letter.EncapsulatedDocument)
    made: Services = desk.app.state.services
    all_kept = select(KeptLetter)
    forgotten = Deed("system", "test", "letter.forget", now())
    made.database.write_now(forgotten, lambda session: [session.delete(one) for one in session.exec(all_kept)])
    asked = {"case": str(desk.read(case, meeting.case).number), "directory": str(tmp_path / "out")}
    office = Office(made.settings, made.database, made.uploads.intake)
    carry_out(office, "case.export", asked, lambda _what, _share: None)
    kept = desk.read(lambda session: {one.kind: one.content for one in session.exec(all_kept)})
    assert set(kept) == {"letter", "plain"}, "the letters were made and kept before they went out"
    sent = next(one for one in (tmp_path / "out").rglob("*.dcm") if "letter" in one.name)
    assert dcmread(sent).EncapsulatedDocument.rstrip(b"\0") == kept["letter"].rstrip(b"\0")


def test_marks_are_added_while_the_conference_is_on(empty: Meeting, tmp_path: Path) -> None:
    empty.take(slice_of(1), slice_of(2), of_another(tmp_path / "other"))
    answer = empty.desk.as_("chair").post(f"{empty.path}/marks", data={"object": "1.2.826.0.1.3680043.9.1.77"})
    assert answer.status_code == 409
    assert "while the conference is on" in answer.text
