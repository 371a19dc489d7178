"""Notices as mails, and the two ways they leave: through a mail server, or into a folder of files.

A mail names the board, the number of a case, times and links; never anything of a patient. It is laid out from the
facts its notice keeps, so that sending it again gives the same message under the same Message-ID.
"""

import asyncio
import os
import ssl
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from pathlib import Path
from typing import Protocol

import aiosmtplib

from agenda.calendar.messages import Meeting, Party, itip
from agenda.notices.queue import Notice
from web.pages import local
from web.post.reply_links import ReplyLinks
from web.settings import MailSettings

_TIMEOUT_S = 30.0
_AFTERWARDS = timedelta(hours=1)
"""How long after a sitting's end its link still takes an answer."""


class NotTaken(Exception):
    """The mail was not taken; `final`: it never will be, as it is."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final


class Carrier(Protocol):
    """A way for mails to leave."""

    async def send(self, message: EmailMessage, key: str) -> None:
        """Hand one mail over; `key` is the notice's identity. Raises NotTaken."""


class Spool:
    """A folder with one file for each mail; sending one again writes the same file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def send(self, message: EmailMessage, key: str) -> None:
        """Write the mail, whole or not at all."""
        try:
            await asyncio.to_thread(self._write, message.as_bytes(), key)
        except OSError as error:
            raise NotTaken(f"The spool cannot be written: {error.strerror}.") from None

    def _write(self, content: bytes, key: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = self.folder / f".{key}.part"
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.folder / f"{key}.eml")


class MailServer:
    """The mail server of the settings."""

    def __init__(self, settings: MailSettings) -> None:
        self.settings = settings

    async def send(self, message: EmailMessage, key: str) -> None:  # noqa: ARG002 - the Message-ID carries it
        """Send the mail in a connection of its own."""
        at = self.settings
        try:
            await aiosmtplib.send(
                message, hostname=at.smtp_host, port=at.smtp_port, use_tls=at.security == "tls",
                start_tls=at.security == "starttls", username=at.username or None, password=self._password(),
                timeout=_TIMEOUT_S, tls_context=ssl.create_default_context() if at.security != "none" else None,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [one.code for one in error.recipients]
            raise NotTaken(f"The mail server refused the address ({codes}).", final=min(codes) >= 500) from None
        except aiosmtplib.SMTPResponseException as error:
            raise NotTaken(f"The mail server answered {error.code}.") from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise NotTaken(f"The mail server cannot be reached ({type(error).__name__}).") from None

    async def greet(self) -> str:
        """Connect, encrypt and sign in as for a mail, and send none; says how. Raises NotTaken with a sentence."""
        at = self.settings
        try:
            async with aiosmtplib.SMTP(
                hostname=at.smtp_host, port=at.smtp_port, use_tls=at.security == "tls",
                start_tls=at.security == "starttls", username=at.username or None, password=self._password(),
                timeout=_TIMEOUT_S, tls_context=ssl.create_default_context() if at.security != "none" else None,
            ) as server:
                await server.noop()
        except aiosmtplib.SMTPAuthenticationError:
            raise NotTaken("The mail server does not take this account and password.") from None
        except aiosmtplib.SMTPResponseException as error:
            raise NotTaken(f"The mail server answered {error.code}.") from None
        except ssl.SSLCertVerificationError:
            raise NotTaken("The mail server shows a certificate that is not trusted here.") from None
        except (aiosmtplib.SMTPException, ValueError) as error:
            raise NotTaken(f"The mail server cannot be spoken to ({type(error).__name__}).") from None
        except (OSError, TimeoutError) as error:
            raise NotTaken(f"The mail server cannot be reached ({type(error).__name__}).") from None
        return {"starttls": "over STARTTLS", "tls": "over TLS", "none": "without encryption"}[at.security]

    def _password(self) -> str | None:
        named = self.settings.password_file
        return Path(named).read_text("utf-8").strip() if named else None


def carrier(settings: MailSettings, folder: Path) -> Carrier:
    """The way mails leave under these settings; `folder` is the storage's."""
    return MailServer(settings) if settings.smtp_host else Spool(folder / "spool")


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What every mail needs besides its notice."""

    settings: MailSettings
    public_url: str
    links: ReplyLinks

    def for_others(self) -> "Letterhead":
        """The same for the eyes of an administrator: links that answer for the receiver are left out."""
        return replace(self, links=self.links.hidden())

    @property
    def domain(self) -> str:
        """The domain of the sender, which UIDs and Message-IDs end in."""
        return self.settings.sender.rpartition("@")[2]


def compose(notice: Notice, head: Letterhead) -> EmailMessage:
    """The mail of a notice."""
    subject, lines = _words(notice, head)
    mail = EmailMessage(policy=SMTP)
    mail["From"] = formataddr((head.settings.sender_name, head.settings.sender))
    mail["To"] = formataddr((notice.name, notice.address))
    mail["Subject"] = subject
    mail["Date"] = format_datetime(notice.created_at)
    mail["Message-ID"] = f"<{notice.id}@{head.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    foot = "Sent by Consilium. Mails carry no patient data: please answer in the application, not here."
    mail.set_content("\n".join([f"Hello {notice.name},", "", *lines, "", foot]) + "\n")
    if notice.kind == "invitation":
        meeting = meeting_of(notice, head)
        mail.add_alternative(itip(meeting), subtype="calendar")
        part = list(mail.iter_parts())[-1]
        part.set_param("method", "CANCEL" if meeting.cancelled else "REQUEST")
        mail.set_boundary(f"part-{notice.id}")
    return mail


def meeting_of(notice: Notice, head: Letterhead) -> Meeting:
    """The calendar entry an invitation tells of."""
    told = notice.data
    return Meeting(
        uid=uid_of(told["invite"], head), sequence=int(told["sequence"]), summary=told["summary"],
        starts_at=datetime.fromisoformat(told["starts_at"]), ends_at=datetime.fromisoformat(told["ends_at"]),
        zone=notice.time_zone, place=told["place"], url=f"{head.public_url}/conferences/{notice.conference_id}",
        organiser=Party(head.settings.sender_name, head.settings.sender), attendee=Party(notice.name, notice.address),
        stamped_at=notice.created_at, required=told["required"] == "yes", cancelled=told["method"] == "CANCEL",
    )


def uid_of(invite_id: str, head: Letterhead) -> str:
    """The UID of an invitation, the same for good (RFC 5545 section 3.8.4.7)."""
    return f"{invite_id}@{head.domain}"


def reply_link(invite_id: str, ends_at: datetime, head: Letterhead) -> str:
    """Where an invitation is answered without signing in."""
    return f"{head.public_url}/replies/{head.links.token(invite_id, ends_at + _AFTERWARDS)}"


def _words(notice: Notice, head: Letterhead) -> tuple[str, list[str]]:
    """Subject and text."""
    told, case = notice.data, f"case {notice.data.get('case', '')}".strip()
    at_case = f"{head.public_url}/cases/{notice.case_id}"
    match notice.kind:
        case "invitation":
            return _invitation(notice, head)
        case "reminder":
            when = local(datetime.fromisoformat(told["starts_at"]), notice.time_zone)
            return f"Reminder: {told['summary']}, {when}", [
                f"A reminder of {told['summary']}, on {when}.", *_answering(notice, head),
            ]
        case "answer":
            when = local(datetime.fromisoformat(told["starts_at"]), notice.time_zone)
            said = "does not come" if told["answer"] == "declined" else "may not come"
            address = f"{head.public_url}/conferences/{notice.conference_id}"
            return f"{told['who']} {said}: {told['board']}", [
                f"{told['who']} {said} to {told['board']} on {when}.", "", f"Who comes: {address}",
            ]
        case "stand-in":
            return f"Standing in on {told['board']}", [
                f"{told['deputy']} stands in for {told['member']} on {told['board']}, {told['from']} to "
                f"{told['until']}.",
            ]
        case "alarm":
            return f"Do not wait for the conference: red flag on {case}", [
                f"A referrer answered a red flag on {case} with yes. Look now and say that you have seen it:",
                f"{at_case}/alarms",
                *([f"Nobody has acknowledged it for {told['minutes']} minutes."] if "minutes" in told else []),
            ]
        case "opinion-asked" | "opinions-open" | "words-ready":
            return _second_opinion(notice, head)
        case "handoff" | "handoff-answer" | "action-due":
            return _care(notice, head)
        case "quick-question" | "quick-answer":
            asked = notice.kind == "quick-question"
            said = f"{told['who']} {'asks something about' if asked else 'answered your question about'} {case}"
            return said, [f"{said}.", "", f"{head.public_url}/quick-questions/{told['question']}"]
        case kind:
            sentence = _OF_CASES[kind].format(case=case)
            address = f"{at_case}/letter" if kind in ("letter", "addendum") else at_case
            return f"{sentence[0].upper()}{sentence[1:]}", [f"{sentence[0].upper()}{sentence[1:]}.", "", address]


def _second_opinion(notice: Notice, head: Letterhead) -> tuple[str, list[str]]:
    case, at = f"case {notice.data['case']}", f"{head.public_url}/second-opinions/{notice.conference_id}"
    match notice.kind:
        case "opinion-asked":
            due = local(datetime.fromisoformat(notice.data["due"]), notice.time_zone)
            subject, said = f"Your opinion on {case} by {due}", f"Your sealed opinion on {case} is due by {due}"
        case "opinions-open":
            subject = said = f"Every opinion on {case} is in; the recommendation can be written"
        case _:
            subject = said = f"The recommendation on {case} waits for your discipline to close on it"
    return subject, [f"{said}. It is answered without a meeting.", "", at]


def _care(notice: Notice, head: Letterhead) -> tuple[str, list[str]]:
    told, case = notice.data, f"case {notice.data['case']}"
    day = f" by {told['due']}" if "due" in told else ""
    match notice.kind:
        case "handoff":
            said = f"A step of the care path of {case} is offered to you{day}; accept it or say why not"
        case "handoff-answer":
            said = f"{told['who']} has {told['answer']} a step of the care path of {case}"
        case _:
            said = f"A step you have taken on for {case} is due{day}"
    return said, [f"{said}.", "", f"{head.public_url}/cases/{notice.case_id}/care"]


_OF_CASES = {
    "received": "{case} has arrived at the board",
    "needs-info": "the board asks for something about {case}; its clock stands until you answer",
    "triaged": "the board has taken {case} on",
    "declined": "the board has declined {case}; its reason is with the case",
    "rolled-over": "{case} was not reached and waits for another sitting",
    "rolled-over-again": "{case} was rolled over again: hear it first at the next sitting, or answer without a meeting",
    "letter": "the recommendation on {case} is signed and its letter is ready",
    "addendum": "something was added to the recommendation on {case}",
}


def _invitation(notice: Notice, head: Letterhead) -> tuple[str, list[str]]:
    told = notice.data
    when = local(datetime.fromisoformat(told["starts_at"]), notice.time_zone)
    until = datetime.fromisoformat(told["ends_at"])
    minutes = int((until - datetime.fromisoformat(told["starts_at"])).total_seconds()) // 60
    if told["method"] == "CANCEL":
        return f"Cancelled: {told['summary']}, {when}", [
            f"{told['summary']} on {when} does not take place, or no longer concerns you.",
        ]
    first = told["sequence"] == "0"
    opening = "You are invited to" if first else "The time or place has changed of"
    where = told["place"] or "online, in the conference's room"
    return f"{'Invitation' if first else 'Changed'}: {told['summary']}, {when}", [
        f"{opening} {told['summary']}.", "", f"When:  {when}, {minutes} minutes", f"Where: {where}",
        *_answering(notice, head),
    ]


def _answering(notice: Notice, head: Letterhead) -> list[str]:
    told = notice.data
    link = reply_link(told["invite"], datetime.fromisoformat(told["ends_at"]), head)
    return [
        "", "Will you come? One click and a button, no sign-in:", link, "",
        f"Agenda and room: {head.public_url}/conferences/{notice.conference_id}",
    ]
