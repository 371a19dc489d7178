"""What is taken away: PDFs that say what the page says, the list by discipline, and a copy that needs no line."""

import re
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from sqlmodel import select

from agenda.packets import versions
from agenda.referrals import save_fields
from conference.record.audit import AuditEntry
from tests.unit.imaging.objects.orders import SECOND
from tests.unit.web.desk import Desk, a_desk
from tests.unit.web.read_packets import OPINION, SECRET, Sat, sit
from web.clock import now

TAKEN = ("packets.pdf", "packets.html", "agenda.pdf", "disciplines")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_desk(tmp_path_factory.mktemp("printing")) as made:
        yield made


@pytest.fixture
def sat(desk: Desk, tmp_path: Path) -> Sat:
    made = sit(desk, tmp_path)
    made.choose(centre="200", width="400")
    made.choose(sop=SECOND, note="the disc at L4/5")
    made.publish()
    return made


def text_of(content: bytes) -> str:
    """The words of a PDF with single spaces."""
    document = pypdfium2.PdfDocument(content)
    pages = [page.get_textpage().get_text_range() for page in document]
    document.close()
    return re.sub(r"\s+", " ", " ".join(pages))


def fetched(sat: Sat, who: str, what: str) -> bytes:
    answer = sat.desk.as_(who).get(f"/conferences/{sat.sitting}/{what}")
    assert answer.status_code == 200, answer.text
    return bytes(answer.content)


def read_by(sat: Sat) -> list[tuple[str, str]]:
    rows = sat.desk.read(lambda session: session.exec(select(AuditEntry.activity, AuditEntry.actor_id)).all())
    return [(activity, who) for activity, who in rows]


def test_the_packet_on_paper_says_every_line_with_its_source_and_shows_the_key_images(sat: Sat) -> None:
    content = fetched(sat, "radiologist", f"cases/{sat.case}/packet.pdf")
    [version] = sat.desk.read(versions, sat.sitting, sat.case)
    words = text_of(content)
    assert b"/Subtype/Image" in content  # both pictures are the same pixels, so that the file holds them once
    assert "could not be drawn" not in words
    assert b"/MarkInfo" in content
    assert b"pdfuaid" in content
    for said in ("Featherstonehaugh", "Leg pain", "Referral form, Dr Referrer", "the disc at L4/5", "image 2 of 2",
                 "Chosen by Dr Radiologist", "Version 1, frozen", "Page 1 of"):
        assert said in words, said
    assert version.digest in words.replace(" ", "")


def test_paper_says_what_changed_since_it_was_published(sat: Sat) -> None:
    sat.desk.do(save_fields, sat.case, {"summary": "Arm pain now"}, {}, now())
    words = text_of(fetched(sat, "chair", f"cases/{sat.case}/packet.pdf"))
    assert "Version 2" in words
    assert "Was: Leg pain Is: Arm pain now" in words


def test_the_agenda_on_paper_has_the_running_order_and_the_list_by_discipline(sat: Sat) -> None:
    words = text_of(fetched(sat, "coordinator", "agenda.pdf"))
    for said in ("Running order", "Featherstonehaugh", "What is it?", "By discipline", "Dr Radiologist",
                 "SHA-256", "printed for Dr Coordinator"):
        assert said in words, said


def test_the_list_by_discipline_says_who_may_leave(sat: Sat) -> None:
    page = fetched(sat, "chair", "disciplines").decode()
    assert "Radiology" in page
    assert "Needed to the end" in page


def test_the_offline_copy_is_one_file_that_fetches_nothing(sat: Sat) -> None:
    copy = fetched(sat, "chair", "packets.html").decode()
    assert copy.count("data:image/jpeg;base64,") == 2
    assert "<script" not in copy
    assert re.findall(r"""(?:src|href)="(?!data:|#)""", copy) == []
    assert "default-src 'none'" in copy
    assert "Leg pain" in copy
    assert "Sealed opinions need the line" in copy


def test_a_sealed_opinion_is_on_no_paper_and_in_no_copy(sat: Sat) -> None:
    sat.page("radiologist")
    assert sat.desk.as_("radiologist").post(f"{sat.path}/opinion", data=OPINION).status_code == 303
    for who in ("radiologist", "chair", "coordinator", "referrer"):
        for what in (*TAKEN, f"cases/{sat.case}/packet.pdf"):
            content = fetched(sat, who, what)
            words = text_of(content) if what.endswith("pdf") else content.decode()
            assert SECRET not in words, (who, what)
            assert "83 %" not in words, (who, what)


def test_taking_away_is_a_read_in_the_audit_and_counts_as_read(sat: Sat) -> None:
    fetched(sat, "chair", "packets.pdf")
    assert ("case.export", "chair") in read_by(sat)
    page = re.sub(r"\s+", " ", sat.desk.as_("coordinator").get(f"/conferences/{sat.sitting}").text)
    assert "read by 1 of 2" in page


def test_a_stranger_takes_nothing(sat: Sat) -> None:
    for what in (*TAKEN, f"cases/{sat.case}/packet.pdf"):
        assert sat.desk.as_("stranger").get(f"/conferences/{sat.sitting}/{what}").status_code == 403
