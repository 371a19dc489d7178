"""Which route answers: Starlette's, looked for among those an address can mean instead of among all, one by one.

There are some 200 routes; trying each costs more than most answers do. An address can only mean a route with as many
parts and the same first one, so those are tried, in their order; where none answers, Starlette looks itself, for its
405 and its redirects.
"""

from starlette.routing import BaseRoute, Match, Route, Router
from starlette.types import Receive, Scope, Send

_Key = tuple[str, int]
"""First part of a path, and how many there are."""


class Table(Router):
    """A router that keeps its routes by first part and number of parts."""

    _near: dict[_Key, list[BaseRoute]] | None = None
    _counted = 0

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand one connection to its route."""
        if scope["type"] == "http":
            for route in self._candidates(scope["path"]):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    scope.setdefault("router", self)
                    scope["route"] = route
                    scope.update(found)
                    await route.handle(scope, receive, send)
                    return
        await super().app(scope, receive, send)

    def _candidates(self, path: str) -> list[BaseRoute]:
        """The routes among which the first that matches is the one Starlette would find; empty: let it look."""
        if self._near is None or self._counted != len(self.routes):
            self._near, self._counted = _sorted(self.routes), len(self.routes)
        return self._near.get((path[1:].partition("/")[0], path.count("/")), [])


def _sorted(routes: list[BaseRoute]) -> dict[_Key, list[BaseRoute]]:
    """Every key of a route that begins with a fixed part, with all routes that may match such a path, in order."""
    keys = {key for key in map(_key, routes) if key is not None and not key[0].startswith("{")}
    return {key: [route for route in routes if _may_match(route, key)] for key in keys}


def _key(route: BaseRoute) -> _Key | None:
    """Of a plain route; None: it may match paths of any length."""
    if not isinstance(route, Route) or ":path}" in route.path:
        return None
    return route.path[1:].partition("/")[0], route.path.count("/")


def _may_match(route: BaseRoute, key: _Key) -> bool:
    own = _key(route)
    return own is None or (own[1] == key[1] and (own[0] == key[0] or own[0].startswith("{")))
