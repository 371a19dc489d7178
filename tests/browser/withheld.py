"""A room's line on which what one window says can be kept back for a while, as a slow network does."""

import re
from dataclasses import dataclass, field

from playwright.sync_api import Page, WebSocketRoute


@dataclass
class Withheld:
    """What a window has said and nobody has heard; `hold` and `release` in turns."""

    kept: list[str | bytes] = field(default_factory=list)
    holding: bool = False
    server: WebSocketRoute | None = None

    def hold(self) -> None:
        """Keep back what is said from now on."""
        self.holding = True

    def release(self) -> None:
        """Say all of it, in its order."""
        self.holding = False
        for text in self.kept:
            self._say(text)
        self.kept.clear()

    def relay(self, route: WebSocketRoute) -> None:
        """Stands between one socket and its server."""
        self.server = route.connect_to_server()
        route.on_message(lambda text: self.kept.append(text) if self.holding else self._say(text))

    def _say(self, text: str | bytes) -> None:
        assert self.server is not None, "the room was opened"
        self.server.send(text)


def withheld(page: Page) -> Withheld:
    """The line of the room that this page opens next."""
    line = Withheld()
    page.route_web_socket(re.compile("/sockets/room"), line.relay)
    return line
