"""The main job, end to end: from a rural provider's empty form to the signed letter, with three people and a latecomer.

Every step leaves a screenshot in ``.screenshots/path/``.
"""

import re
import shutil
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from imaging.phantoms.anatomy import lumbar
from imaging.phantoms.dicom import Examination, Patient
from imaging.phantoms.mr import lumbar_mr
from tests.browser.meeting import PASSWORD, Meeting, meeting
from tests.browser.pictures import picture
from tests.browser.test_room import give, imaged, measure, stand, tab
from tests.conftest import ROOT
from web.clock import now

pytestmark = pytest.mark.browser

SHOTS = ROOT / ".screenshots" / "path"
REAL = ROOT.parent / "shared" / "data" / "derived_spine" / "mr_cspine_sag_t2_29"


@pytest.fixture
def held(tmp_path: Path, browser: Browser) -> Iterator[Meeting]:
    shutil.rmtree(SHOTS, ignore_errors=True)
    with meeting(tmp_path, browser) as made:
        yield made
        assert made.problems == []


class Story:
    """Numbered pictures of what people see."""

    def __init__(self) -> None:
        self.step = 0

    def shot(self, page: Page, name: str) -> None:
        self.step += 1
        picture(page, SHOTS / f"{self.step:02d}-{name}.png")


def a_disc(folder: Path) -> Path:
    """A zip of one series: real cervical MR where the collection is there, else a phantom for the same patient."""
    disc = folder / "disc.zip"
    with zipfile.ZipFile(disc, "w") as packed:
        if REAL.is_dir():
            for number, path in enumerate(sorted(REAL.iterdir())):
                packed.write(path, f"DICOM/IM{number:04d}")
        else:
            whose = Patient("Spine", "Example", "SCT-ERRSM-30", date(1970, 1, 1), "O")
            examined = Examination(whose, datetime(2026, 11, 2, 9, 30), 30, "MR spine")  # noqa: DTZ001 - a scanner's clock
            for number, content in enumerate(lumbar_mr(examined, lumbar())):
                packed.writestr(f"DICOM/IM{number:04d}", content)
        packed.writestr("README.TXT", "Insert this disc into a computer.")
    return disc


def test_a_case_goes_from_an_empty_form_to_a_signed_letter(held: Meeting, tmp_path: Path) -> None:
    story = Story()
    provider = _refer(held, story, a_disc(tmp_path))
    coordinator = _triage(held, story)
    conference = _plan(coordinator, story)
    _read_and_seal(held, story, conference)
    chair, reader, therapist = _meet(held, story, conference)
    late = _deliberate(held, story, chair, reader, therapist, conference)
    tab(late, "Marks")
    expect(late.locator("#panel-marks [data-state=delivered]")).to_have_count(1)
    _letter(provider, story)


def _refer(held: Meeting, story: Story, disc: Path) -> Page:
    """The rural provider signs in with a password, on a small screen, and sends a case."""
    context = held.browser.new_context(base_url=held.url, viewport={"width": 390, "height": 844}, has_touch=True)
    held.contexts.append(context)
    page = context.new_page()
    page.goto("/sign-in")
    page.locator("[name=email]").fill("osei@example.org")
    page.locator("[name=password]").fill(PASSWORD)
    story.shot(page, "sign-in")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="New referral").first.click()
    page.get_by_role("button", name="Start the referral").click()
    story.shot(page, "empty-form")
    for name, value in (
        ("patient_family_name", "Spine"), ("patient_given_name", "Example"), ("patient_born_on", "1970-01-01"),
        ("patient_id", "SCT-ERRSM-30"),
    ):
        page.locator(f"[name='{name}']").fill(value)
    page.locator("[name=patient_sex][value=O]").check(force=True)
    page.locator("[name='new-question.kind']").select_option("surgical-candidacy")
    page.locator("[name='new-question.discipline']").select_option("spine-surgery")
    page.locator("[name='new-question.text']").fill("Hands grow clumsy. Is this cord compression that needs surgery?")
    page.get_by_role("button", name="Add this question").click()
    expect(page.locator("#questions")).to_contain_text("Question 1")
    expect(page.locator("[name='new-question.text']")).to_have_value("")  # what was added stands there once
    for index in range(page.locator(".flag").count()):
        page.locator(".flag").nth(index).get_by_text("No", exact=True).click()
        expect(page.locator(".flag").nth(index).locator("[value=no]")).to_be_checked()
    page.locator("[name=summary]").fill("Six months of clumsy hands and neck pain.")
    for entry in page.locator("[name^='exam.']").all():
        entry.fill(f"{now():%Y-%m-%d}" if entry.get_attribute("type") == "date" else "normal")
    page.locator("[name='new-treatment.kind']").select_option("physical-therapy")
    page.locator("[name='new-treatment.description']").fill("Supervised exercise")
    page.locator("[name='new-treatment.started_on']").fill("2026-06")
    page.locator("[name='new-treatment.response']").select_option("same")
    page.get_by_role("button", name="Add this treatment").click()
    expect(page.locator("#treatments")).to_contain_text("Remove")
    page.locator("[name=goal]").fill("Button my shirt without help.")
    page.locator("[name=goal]").press("Tab")
    story.shot(page, "filled-form")
    page.locator("consilium-upload [data-part=files]").set_input_files(disc)
    upload = page.locator("consilium-upload")
    expect(upload).to_contain_text("29 files taken, 1 refused" if REAL.is_dir() else "1 refused", timeout=30_000)
    expect(upload).to_contain_text("README.TXT")
    story.shot(page, "images-taken")
    upload.get_by_role("button", name="Show them in the case").click()
    expect(page.locator("#images .thumbs img, #images img").first).to_be_attached(timeout=30_000)
    page.get_by_role("button", name="Send to the board").click()
    expect(page.locator(".tracker").first).to_be_visible()
    story.shot(page, "tracker-received")
    return page


def _triage(held: Meeting, story: Story) -> Page:
    page = held.sign_in("castell")
    page.goto("/triage")
    story.shot(page, "triage")
    card = page.locator("form[action^='/triage/']", has=page.locator("[name=lane]")).first
    card.locator("[name=lane]").select_option("full-discussion")
    card.get_by_role("button", name="Put in this lane").click()
    expect(page.locator(".triage-case .pill", has_text="Full discussion").first).to_be_visible()
    if page.get_by_text("Cross-sectional imaging: stale").count():  # as the card says now; only real images are old
        _waive(held)
        page.reload()
    expect(page.locator("main")).not_to_contain_text("stale")
    story.shot(page, "readiness")
    return page


def _waive(held: Meeting) -> None:
    """The chair, who alone may by the board's policy, accepts images that are old."""
    page = held.sign_in("laurent")
    page.goto("/triage")
    lacking = page.locator("main details", has=page.locator("button[value=waive]")).first
    lacking.locator("summary").click()
    lacking.locator("[name=reason]").fill("Old, but nothing has changed in the canal since.")
    lacking.get_by_role("button", name="Waive").click()
    expect(page.locator("main")).not_to_contain_text("Cross-sectional imaging: stale")


def _plan(page: Page, story: Story) -> str:
    """The coordinator puts the case on the sitting that is already published; gives the conference's address."""
    page.goto("/triage")
    page.locator("button[value=schedule]").first.click()
    page.wait_for_load_state()
    assert page.locator("main").get_by_role("alert").all_inner_texts() == []
    page.goto("/conferences")
    page.get_by_role("link", name="Spine board, Thursday").first.click()
    expect(page.locator("#agenda")).to_contain_text("Spine, Example")
    story.shot(page, "agenda")
    return page.url


def _read_and_seal(held: Meeting, story: Story, conference: str) -> None:
    page = held.sign_in("mbeki")
    page.goto(conference)
    page.get_by_role("link", name="Spine, Example").first.click()
    story.shot(page, "packet")
    for group in page.locator(".scale").all():
        group.locator("input[value='4']").check(force=True)
    page.locator("[name=preferred]").first.check(force=True)
    page.get_by_role("button", name="Seal my opinion").click()
    expect(page.locator("main")).to_contain_text(re.compile("sealed", re.IGNORECASE))
    story.shot(page, "sealed")


def _meet(held: Meeting, story: Story, conference: str) -> tuple[Page, Page, Page]:
    chair, reader = held.enter("laurent"), held.enter("mbeki")
    therapist = held.enter("varga")
    chair.locator("[data-open]").click()
    chair.locator("li", has_text="Hands grow clumsy").locator("[data-call]").click()
    for page in (chair, reader):
        imaged(page)
    place = chair.locator(".viewer-pane").first
    place.focus()
    chair.keyboard.press("ArrowDown")
    shown = re.search(r"\d+/\d+", place.inner_text())
    assert shown is not None
    expect(reader.locator(".viewer-pane").first).to_contain_text(shown.group())
    measure(reader)
    for page in (reader, chair):
        tab(page, "Marks")
        expect(page.locator("#panel-marks [data-state=delivered]")).to_have_count(1)
    story.shot(chair, "room-mark-shared")
    return chair, reader, therapist


def _deliberate(held: Meeting, story: Story, chair: Page, reader: Page, therapist: Page, conference: str) -> Page:
    give(therapist, 1, "Graded activity first.")
    tab(chair, "Opinions")
    chair.get_by_role("button", name=re.compile("Reveal 2 opinions")).click()
    expect(chair.locator(".remarks").first).to_contain_text("Graded activity first.")
    story.shot(chair, "revealed")
    late = held.enter("haddad")
    imaged(late)
    tab(chair, "Decision")
    chair.locator("#rec-option").select_option("surgical")
    chair.locator("non-operative [value=exhausted]").check()
    chair.locator("non-operative [data-evidence]").first.check()
    chair.locator("non-operative [data-state]").click()
    expect(chair.locator("non-operative [data-standing=exhausted]")).to_contain_text("Supervised exercise")
    chair.locator("#rec-rationale").fill("Concordant compression; see the measured canal.")
    chair.locator("#rec-answer-0").fill("Yes: decompression within six weeks.")
    chair.get_by_role("button", name="Read back").click()
    for page in (reader, therapist):
        tab(page, "Decision")
        expect(page.locator(".readback")).to_contain_text("Concordant compression")
    reader.get_by_role("button", name="Concur", exact=True).click()
    therapist.get_by_role("button", name="Dissent…").click()
    therapist.locator("#closing-reason").fill("Graded activity was not tried.")
    therapist.get_by_role("button", name="Record my dissent").click()
    chair.get_by_role("button", name="Concur", exact=True).click()
    expect(chair.locator(".closings")).to_contain_text("Graded activity was not tried.")
    story.shot(chair, "closings")
    stand(chair)
    tab(chair, "Decision")
    chair.get_by_role("button", name="Sign the recommendation…").click()
    chair.locator("#sign-password").fill(PASSWORD)
    story.shot(chair, "sign")
    chair.get_by_role("button", name="Sign", exact=True).click()
    for page in (chair, reader, therapist, late):
        if page is late:
            tab(late, "Decision")
        expect(page.locator("#panel-recommendation")).to_contain_text("Signed by Dr Ines Laurent")
    story.shot(late, "late-joiner-signed")
    return late


def _letter(provider: Page, story: Story) -> None:
    provider.reload()
    expect(provider.locator(".tracker [aria-current=step]").first).to_contain_text("Answered")
    story.shot(provider, "tracker-answered")
    provider.get_by_role("link", name=re.compile("letter", re.IGNORECASE)).first.click()
    expect(provider.locator("main")).to_contain_text("Yes: decompression within six weeks.")
    expect(provider.locator("main")).to_contain_text("Graded activity was not tried.")
    story.shot(provider, "letter")
    answer = provider.request.get(str(provider.get_by_role("link", name="Letter as PDF").get_attribute("href")))
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.body().startswith(b"%PDF-")
    provider.go_back()
    provider.reload()
    expect(provider.locator(".tracker li").last).to_have_attribute("data-state", "done")
    story.shot(provider, "tracker-delivered")
