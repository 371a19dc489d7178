"""What one form of a page was refused for: its sentence belongs beside the field, and what was typed stays in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made
from types import MappingProxyType

from agenda.errors import Invalid, NotNow


@dataclass(frozen=True, slots=True)
class Refused:
    """A page with several forms asks each for its own; an empty one refuses nothing."""

    form: str = ""
    """Which form of the page, by the name the page gives it."""
    field: str = ""
    """Which field; empty: the form as a whole."""
    reason: str = ""
    typed: Mapping[str, str] = made(default_factory=lambda: MappingProxyType({}))

    def at(self, form: str, name: str) -> str:
        """The sentence beside a field of a form; empty where it was not refused."""
        return self.reason if (form, name) == (self.form, self.field) else ""

    def kept(self, form: str, name: str, stands: object = "") -> str:
        """What a field shows: what was typed in a form that was refused, else what stands."""
        text = self.typed.get(name) if form == self.form else None
        return str(stands) if text is None else text

    def elsewhere(self, *fields: str) -> str:
        """The sentence where it is about none of these fields; empty where it is."""
        return "" if self.field in fields else self.reason


NOTHING = Refused()


def refused(form: str, error: Invalid | NotNow, typed: Mapping[str, str]) -> Refused:
    """What an error of the agenda refuses in a form."""
    return Refused(form, error.field if isinstance(error, Invalid) else "", error.reason, typed)
