"""Keyed replacements that are the same in every delivery: UIDs, patient identifiers and the shift of dates.

The key stays in this installation. Without it nobody can tell which original a replacement stands for; with it the
same original gives the same replacement, so that studies, references and follow-ups stay together.
"""

import hashlib
import hmac
import os
import re
from base64 import b32encode
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

SHIFT_DAYS = (180, 1095)
"""Dates go back by at least and at most so many days; never forward, so that nothing lies in the future."""
_STANDARD = "1.2.840.10008."


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """What one patient's identity is replaced by; plain values that travel to a worker."""

    key: str
    """Hexadecimal; of UIDs."""
    patient: str
    """The new Patient ID; the name is made of it."""
    days: int
    """How many days every date goes back."""

    def uid(self, original: str) -> str:
        """A UID under 2.25 (PS3.5 B.2) for one of others; those of the standard stay."""
        if original.startswith(_STANDARD) or not original:
            return original
        digest = hmac.new(bytes.fromhex(self.key), b"uid\0" + original.encode(), hashlib.sha256).digest()
        return f"2.25.{int.from_bytes(digest[:16], 'big')}"

    @property
    def name(self) -> str:
        """The new Patient's Name."""
        return f"Anonymous^{self.patient}"

    def shifted(self, text: str) -> str:
        """A DA or DT value (PS3.5 6.2) on its new day, its time of day kept; empty when it is no date."""
        found = re.fullmatch(r"(\d{4})[.-]?(\d\d)?[.-]?(\d\d)?(\d{0,6}(?:\.\d{1,6})?)([+-]\d{4})?", text.strip())
        if found is None:
            return ""
        year, month, day, clock, _zone = found.groups()
        try:
            known = date(int(year), int(month or 1), int(day or 1))
            moved = known - timedelta(days=self.days)
        except (ValueError, OverflowError):
            return ""
        if moved.year < 1:
            return ""
        whole = f"{moved.year:04}{moved.month:02}{moved.day:02}"
        return (whole + (clock or "")) if day else whole[: 6 if month else 4]


class Keys:
    """The installation's secret, in a file; threads may share it."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @classmethod
    def from_file(cls, path: Path) -> "Keys":
        """Read the secret; made once, 32 random bytes readable by the server alone."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(os.urandom(32))
                file.flush()
                os.fsync(file.fileno())
        except FileExistsError:
            pass
        return cls(path.read_bytes())

    def of(self, person: str) -> Pseudonyms:
        """The replacements for one person, however often they come; `person` never leaves this function."""
        said = self._made("person", person)
        least, most = SHIFT_DAYS
        days = least + int.from_bytes(said[8:16], "big") % (most - least + 1)
        return Pseudonyms(self._made("uids", "").hex(), b32encode(said[:5]).decode().rstrip("="), days)

    def _made(self, purpose: str, text: str) -> bytes:
        return hmac.new(self._secret, f"{purpose}\0{text}".encode(), hashlib.sha256).digest()
