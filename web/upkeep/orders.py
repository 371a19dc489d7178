"""What an operator may order of an installation, whether its server runs or not.

An order is a name with plain arguments; it is carried out by whoever holds the database: the running server, asked
through its control socket, or the command line itself. Every order is one audited deed.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlmodel import Session, select

from agenda.boards import add_board, boards, seat, time_zones
from agenda.cases import Case, add_study
from agenda.clinical import spine
from agenda.errors import AgendaError, Invalid
from agenda.ids import new_id
from agenda.keeping import hold, release
from agenda.people import Person, Site, add_person, disable, keep_disciplines, people, person_by_email
from conference.outcome.signing import Signer
from conference.record.audit import note_read
from imaging.deidentify import records
from imaging.deidentify.records import Report
from imaging.errors import ImagingError
from imaging.intake import Inspection, Intake, KeptFile, Outcome, index
from imaging.objects.maker import Maker
from imaging.patient_match import Differs, Identity, SeveralPatients, compare
from imaging.pixels.pictures import Pictures
from web.auth.enter import RESET_LIFETIME, issue_link, withdraw_links
from web.auth.sessions import end_sessions_of
from web.auth.tokens import issue_token
from web.clock import now
from web.database import Database, Deed
from web.images.deidentification import blacked_out_since, deidentifier_of
from web.images.exporting import KINDS, Plan, make, named, plan
from web.images.gathering import NotGathered, gather
from web.images.keeping import OnHold, clear_orphans, demand_room, endings, retire
from web.rooms.letter_files import Press, make_letters
from web.settings import Settings

Json = Mapping[str, object]
Progress = Callable[[str, float], None]
"""Called with what is being done and the share of it, 0 to 1."""


class OrderRefused(Exception):
    """The order was not carried out; the text is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Office:
    """What orders are carried out with."""

    settings: Settings
    database: Database
    intake: Intake


def carry_out(office: Office, name: str, arguments: Json, progress: Progress) -> Json:
    """Carry out one order; raises OrderRefused."""
    order = ORDERS.get(name)
    if order is None:
        raise OrderRefused(f"There is no order {name!r}; server and command line may be of different releases.")
    try:
        return order(office, arguments, progress)
    except (AgendaError, ImagingError, NotGathered, OnHold) as error:
        raise OrderRefused(str(error)) from error


def _user_add(office: Office, arguments: Json, _progress: Progress) -> Json:
    def work(session: Session, at: datetime) -> Json:
        keep_disciplines(session, spine().disciplines)
        added = add_person(
            session, name=_text(arguments, "name"), email=_text(arguments, "email"),
            standing=_text(arguments, "standing"), site_id=_site(session, arguments),
            discipline=_text(arguments, "discipline") or None, credentials=_text(arguments, "credentials"),
        )
        _seat(session, added, arguments)
        return _with_link(office, session, added, at)

    return _deed(office, "user.add", work)


def _user_disable(office: Office, arguments: Json, _progress: Progress) -> Json:
    def work(session: Session, at: datetime) -> Json:
        found = _person(session, arguments)
        disable(session, found.id, at)
        end_sessions_of(session, found.id, "disabled", at)
        withdraw_links(session, found.id)
        return {"id": found.id, "name": found.name, "email": found.email}

    return _deed(office, "user.disable", work)


def _user_reset(office: Office, arguments: Json, _progress: Progress) -> Json:
    def work(session: Session, at: datetime) -> Json:
        found = _person(session, arguments)
        if found.disabled_at is not None:
            raise OrderRefused(f"{found.email} is disabled.")
        end_sessions_of(session, found.id, "password reset", at)
        return _with_link(office, session, found, at)

    return _deed(office, "user.reset", work)


def _board_add(office: Office, arguments: Json, _progress: Progress) -> Json:
    given = arguments.get("required")
    required = [str(code) for code in given] if isinstance(given, Sequence) and not isinstance(given, str) else []

    def work(session: Session, _at: datetime) -> Json:
        keep_disciplines(session, spine().disciplines)
        added = add_board(
            session, name=_text(arguments, "name"), charter=_text(arguments, "charter"),
            time_zone=_text(arguments, "time_zone"), required_disciplines=required,
        )
        return {"id": added.id, "name": added.name, "time_zone": added.time_zone}

    return _deed(office, "board.add", work)


def _token_issue(office: Office, arguments: Json, _progress: Progress) -> Json:
    def work(session: Session, at: datetime) -> Json:
        found = _person(session, arguments) if _text(arguments, "email") else _only_administrator(session)
        lifetime = timedelta(days=int(_text(arguments, "days") or "30"))
        row, text = issue_token(session, person_id=found.id, name=_text(arguments, "name"), lifetime=lifetime, at=at)
        return {"token": text, "email": found.email, "expires_at": row.expires_at.isoformat()}

    return _deed(office, "token.issue", work)


def _images_import(office: Office, arguments: Json, progress: Progress) -> Json:
    """Files, folders and zips into a case, through the same door as an upload."""
    given = arguments.get("paths")
    paths = [Path(str(path)) for path in given] if isinstance(given, Sequence) and not isinstance(given, str) else []
    found = office.database.read_now(_case, _text(arguments, "case"))
    with TemporaryDirectory(prefix="import-", dir=office.settings.storage.directory) as spool:
        arrived, refused = gather(office.intake, office.settings.imaging, paths, Path(spool))
        total = max(len(arrived), 1)
        inspection = office.intake.inspect(arrived, lambda done: progress("Reading", done / total))
        patient = _demand_patient(inspection, found, accept=bool(arguments.get("accept")))
        inspection = replace(inspection, refused=(*refused, *inspection.refused))
        report: Report | None = None
        if arguments.get("deidentify"):
            cleaned = deidentifier_of(office.settings, office.intake).cleaned(
                inspection, _identity(found), Path(spool) / "rewritten", patient=patient,
                progress=lambda done: progress("De-identifying", done / total),
            )
            inspection, report = cleaned.inspection, cleaned.report
        coming = sum(one.size for one in inspection.candidates)
        office.database.read_now(demand_room, office.settings.imaging.quota, found.id, coming)
        kept = office.intake.keep(inspection.candidates, lambda done: progress("Keeping", done / total))

    def work(session: Session, at: datetime) -> Json:
        return _enter(session, found.id, kept, inspection.refused, at, report)

    done = _deed(office, "images.import", work)
    if report is not None:
        for digest in office.database.read_now(blacked_out_since, [one.digest for one in kept]):
            office.intake.vault.remove(digest)
    return done


def _vault_gc(office: Office, arguments: Json, progress: Progress) -> Json:
    """Remove what no record names; with ``dry_run`` only say what it would be."""
    deed, dry_run = Deed("system", "Command line", "vault.gc", now()), bool(arguments.get("dry_run"))
    images = office.settings.imaging
    found = clear_orphans(office.database, office.intake.vault, images, deed, progress, dry_run=dry_run)
    listed = [{"digest": one.digest, "bytes": one.size, "since": one.since.isoformat()} for one in found]
    return {"dry_run": dry_run, "objects": len(found), "bytes": sum(one.size for one in found), "listed": listed}


def _vault_retention(office: Office, arguments: Json, progress: Progress) -> Json:
    """Let go of images whose board's time is over; with ``dry_run`` only say which."""
    at, dry_run = now(), bool(arguments.get("dry_run"))
    if dry_run:
        found = office.database.read_now(endings, at)
    else:
        derived = office.settings.storage.directory / "derived"
        deed = Deed("system", "Command line", "vault.retention", at)
        found = retire(office.database, office.intake.vault, office.settings.imaging, derived, deed, progress)
    cases = [
        {"case": one.number, "board": one.board, "over_since": one.over_since.isoformat(),
         "images": one.plan.going.images, "bytes": one.plan.going.size, "stay": one.plan.staying.images}
        for one in found
    ]
    return {"dry_run": dry_run, "cases": cases, "bytes": sum(one.plan.going.size for one in found)}


def _case_hold(office: Office, arguments: Json, _progress: Progress) -> Json:
    """Put a case under a legal hold, or release it when no reason is given."""
    def work(session: Session, at: datetime) -> Json:
        found, reason = _case(session, _text(arguments, "case")), _text(arguments, "reason")
        if reason:
            hold(session, found.id, reason, "Command line", at)
        else:
            release(session, found.id)
        return {"case": found.number, "held": bool(reason), "reason": reason}

    return _deed(office, "case.hold", work)


def _case_export(office: Office, arguments: Json, progress: Progress) -> Json:
    """The objects of a case into a new or empty folder; recorded before the first is written."""
    target = Path(_text(arguments, "directory"))
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise OrderRefused(f"{target} is there already and not empty; nothing is overwritten.")
    def look(session: Session) -> Plan:
        return plan(session, _case(session, _text(arguments, "case")).id)

    wanted = office.database.read_now(look)
    if wanted.signed is not None and wanted.letter is None:
        progress("Making the letter", 0.0)
        asyncio.run(_keep_letters(office, wanted.case_id))
        wanted = office.database.read_now(look)
    maker = Maker.of(office.intake.vault, office.settings.imaging.worker)
    try:
        progress("Making", 0.0)
        made = dict(named(make(maker, wanted, list(KINDS))))
    finally:
        maker.close()

    def work(session: Session, at: datetime) -> Json:
        heading = Deed("system", "Command line", "case.export", at)
        for one in made.values():
            note_read(session, heading, "case.export", f"case/{wanted.case_id}/object/{one.sop_instance_uid}")
        return {"case": wanted.number, "directory": str(target), "files": sorted(made)}

    answer = _deed(office, "case.export", work)
    for name, one in made.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(one.content)
    return answer


async def _keep_letters(office: Office, case_id: str) -> None:
    """Make the letters of a case with their pictures, and keep them; what goes out is the file that stays."""
    folder = office.settings.storage.directory
    pictures = Pictures(office.intake.vault, folder / "derived", office.settings.imaging.worker)
    try:
        await make_letters(Press(office.database, pictures, Signer(folder / "keys")), case_id)
    finally:
        pictures.close()


ORDERS: Mapping[str, Callable[[Office, Json, Progress], Json]] = {
    "user.add": _user_add,
    "user.disable": _user_disable,
    "user.reset": _user_reset,
    "board.add": _board_add,
    "token.issue": _token_issue,
    "images.import": _images_import,
    "vault.gc": _vault_gc,
    "vault.retention": _vault_retention,
    "case.hold": _case_hold,
    "case.export": _case_export,
}
"""Every order there is."""


def _deed(office: Office, activity: str, work: Callable[[Session, datetime], Json]) -> Json:
    at = now()
    return office.database.write_now(Deed("system", "Command line", activity, at), work, at)


def _text(arguments: Json, name: str) -> str:
    value = arguments.get(name)
    return "" if value is None else str(value)


def _person(session: Session, arguments: Json) -> Person:
    email = _text(arguments, "email")
    found = person_by_email(session, email)
    if found is None:
        raise OrderRefused(f"Nobody signs in as {email!r}; `consilium user list` shows everybody.")
    return found


def _only_administrator(session: Session) -> Person:
    found = [one for one in people(session) if one.standing == "administrator" and one.disabled_at is None]
    if len(found) != 1:
        raise OrderRefused("Say with --email whose token it is.")
    return found[0]


def _site(session: Session, arguments: Json) -> str:
    name, zone = _text(arguments, "site"), _text(arguments, "time_zone")
    sites = session.exec(select(Site)).all()
    if not name and len(sites) == 1:
        return sites[0].id
    found = next((one for one in sites if one.name == name), None)
    if found is not None:
        return found.id
    if not name:
        raise Invalid("site", "Say at which site with --site NAME.")
    if not zone:
        raise Invalid("site", f"There is no site {name!r} yet; give its --time-zone to make it.")
    if zone not in time_zones():
        raise Invalid("time_zone", f"There is no time zone {zone!r}; write it like America/Denver.")
    made = Site(id=new_id(), name=name, time_zone=zone)
    session.add(made)
    session.flush()
    return made.id


def _seat(session: Session, added: Person, arguments: Json) -> None:
    role = _text(arguments, "role")
    if not role:
        return
    wanted = _text(arguments, "board")
    found = [one for one in boards(session) if not wanted or one.name == wanted]
    if len(found) != 1:
        raise Invalid("board", "Say on which board with --board NAME; the name must be one that exists.")
    seat(session, found[0].id, added.id, role)


def _with_link(office: Office, session: Session, found: Person, at: datetime) -> Json:
    text = issue_link(session, found.id, purpose="password", lifetime=RESET_LIFETIME, at=at)
    return {
        "id": found.id, "name": found.name, "email": found.email, "link": f"{office.settings.public_url}/enter/{text}",
        "link_until": (at + RESET_LIFETIME).isoformat(timespec="seconds"),
    }


def _case(session: Session, number: str) -> Case:
    found = session.exec(select(Case).where(Case.number == int(number))).one_or_none() if number.isdigit() else None
    if found is None:
        raise OrderRefused(f"There is no case {number!r}; give its number, e.g. --case 1042.")
    return found


def _identity(found: Case) -> Identity:
    born = found.patient_born_on.isoformat() if found.patient_born_on else ""
    return Identity(
        f"{found.patient_family_name}^{found.patient_given_name}", born, found.patient_sex, found.patient_id
    )


def _demand_patient(inspection: Inspection, found: Case, *, accept: bool) -> str:
    """What the comparison with the case's patient came to, for a report; raises OrderRefused."""
    match compare(inspection.identities, _identity(found)):
        case SeveralPatients(several):
            names = "; ".join(_named(one) for one in several)
            raise OrderRefused(f"These files belong to more than one patient ({names}). Nothing was taken.")
        case Differs(_, differences) if not accept:
            said = "; ".join(f"{one.field}: {one.found!r}, expected {one.expected!r}" for one in differences)
            raise OrderRefused(f"The files may be another patient's: {said}. --accept takes them all the same.")
        case Differs():
            return "confirmed"
        case _:
            return "matched"


def _named(one: Identity) -> str:
    return f"{one.name.replace('^', ', ')}, born {one.born_on or 'unknown'}"


def _enter(
    session: Session, case_id: str, kept: Sequence[KeptFile], refused: Sequence[Outcome], at: datetime,
    report: Report | None,
) -> Json:
    delivery = f"case:{case_id}/import:{new_id()}"
    outcomes = index(session, kept, refused, delivery=delivery, at=at)
    if report is not None:
        records.note(session, report, delivery=delivery, at=at)
    for uid in dict.fromkeys(one.study_instance_uid for one in outcomes if one.result in ("taken", "already here")):
        add_study(session, case_id, uid, at)
    counts: dict[str, int] = {}
    for one in outcomes:
        counts[one.result] = counts.get(one.result, 0) + 1
    return {
        "counts": counts,
        "refused": [{"name": one.name, "reason": one.reason} for one in outcomes if one.result == "refused"],
    }
