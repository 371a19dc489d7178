"""What the application is made of once composed, and how a request reaches it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from starlette.requests import HTTPConnection

from imaging.dicomweb.results import Results
from web.database import Database
from web.images.ahead import Ahead
from web.images.reads import Reads
from web.settings import Settings
from web.sittings.searches import Searches
from web.standing import Standing

if TYPE_CHECKING:
    from jinja2 import Environment

    from conference.live.hosts import Rooms
    from conference.media.child import MediaChild, MediaElsewhere
    from conference.media.lobby import Lobby
    from conference.outcome.signing import Signer
    from imaging.objects.maker import Maker
    from imaging.pixels.pictures import Pictures
    from imaging.uploads import Uploads
    from imaging.vault import Vault
    from web.auth.sessions import Sessions
    from web.auth.tickets import Tickets
    from web.images.fetching import Fetching
    from web.images.outgoing import Outgoing
    from web.post.mail import Letterhead


@dataclass(frozen=True, slots=True)
class Services:
    """Built by `web.app`, passed down as `request.app.state.services`; nothing here is global."""

    settings: Settings
    database: Database
    vault: "Vault"
    uploads: "Uploads"
    fetching: "Fetching"
    outgoing: "Outgoing"
    objects: "Maker"
    pictures: "Pictures"
    rooms: "Rooms"
    sessions: "Sessions"
    tickets: "Tickets"
    signer: "Signer"
    templates: "Environment"
    letterhead: "Letterhead"
    demo: bool = False
    media: "MediaChild | MediaElsewhere | None" = None
    """The media process; None: meetings are without voice and video."""
    lobby: "Lobby | None" = None
    """The calls that go through it."""
    reads: Reads = field(default_factory=Reads)
    standing: Standing = field(default_factory=Standing)
    results: Results = field(default_factory=Results)
    ahead: Ahead = field(default_factory=Ahead)
    searches: Searches = field(default_factory=Searches)


def services(connection: HTTPConnection) -> Services:
    """The services of the application that serves this request or socket."""
    return cast(Services, connection.app.state.services)
