"""One attempt: files of the spool to one destination, by C-STORE or STOW-RS. Blocks."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from imaging.nodes import Node, NodeUnusable
from imaging.outbound.queue import Attempt
from imaging.outbound.words import of_status


def attempt(node: Node | None, files: Mapping[str, Path], calling: str) -> list[Attempt]:
    """What became of each file by the identity of its sending; raises nothing.

    node: None when the settings know it no longer. calling: our own application entity title.
    """
    present = {key: place for key, place in files.items() if place.is_file()}
    lost = [Attempt(key, "refused", "The file to be sent is gone; send it anew from the case.")
            for key in files if key not in present]
    if node is None or not node.store:
        said = "This destination is no longer in the settings."
        return [*lost, *(Attempt(key, "later", said) for key in present)]
    try:
        made = _by_dimse(node, present, calling) if node.kind == "dimse" else _by_web(node, present)
    except NodeUnusable as error:
        made = [Attempt(key, "later", str(error)) for key in present]
    return [*lost, *made]


def _by_web(node: Node, files: Mapping[str, Path]) -> list[Attempt]:
    from imaging.outbound.stow import store

    return [Attempt(key, *store(node, place)) for key, place in files.items()]


def _by_dimse(node: Node, files: Mapping[str, Path], calling: str) -> list[Attempt]:
    from imaging.dimse.sender import remote_of, send  # half a second that only a sender pays

    if not files:
        return []
    sent = send(files.values(), remote_of(node), calling=calling, pauses_s=())
    found = []
    for key, one in zip(files, sent, strict=True):
        if one.status is not None:
            result, words = of_status(one.status)
            found.append(Attempt(key, result, f"{node.name} {words}{_code(one.status)}."))
        elif one.result == "refused":
            found.append(Attempt(key, "refused", f"{node.name} does not store objects of this kind."))
        else:
            found.append(Attempt(key, "later", f"{node.name} cannot be reached, or does not let us in as {calling}."))
    return found


def _code(status: int) -> str:
    return f" (status {status:04X}H)" if status else ""


def by_node(rows: Sequence[tuple[str, str, Path]]) -> dict[str, dict[str, Path]]:
    """Rows of (destination, sending, file) as files by destination."""
    found: dict[str, dict[str, Path]] = {}
    for node, key, place in rows:
        found.setdefault(node, {})[key] = place
    return found
