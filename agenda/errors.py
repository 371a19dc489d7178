"""What can go wrong in the agenda, by whose fault it is.

AgendaError
├── NotFound              the request names nothing            (404)
│   ├── PersonNotFound  BoardNotFound  ConferenceNotFound  CaseNotFound  ItemNotFound
├── Invalid               a field's value cannot be taken      (422; names the field)
└── NotNow                the state of the noun forbids it     (409; a stable code and a sentence)
"""


class AgendaError(Exception):
    """Any error of this package; its text is a sentence for a person."""


class NotFound(AgendaError):
    """The request names nothing that exists."""

    noun = "record"

    def __init__(self, key: str) -> None:
        super().__init__(f"There is no {self.noun} with this identity.")
        self.key = key


class PersonNotFound(NotFound):
    """No person with this identity."""

    noun = "person"


class BoardNotFound(NotFound):
    """No board with this identity."""

    noun = "board"


class ConferenceNotFound(NotFound):
    """No conference with this identity."""

    noun = "conference"


class CaseNotFound(NotFound):
    """No case with this identity."""

    noun = "case"


class ItemNotFound(NotFound):
    """No agenda item with this identity."""

    noun = "agenda item"


class Invalid(AgendaError):
    """One field holds what cannot be taken; `field` is its name in the form and in the API."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


class NotNow(AgendaError):
    """The noun is in a state that forbids this; `code` is stable for programs."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
