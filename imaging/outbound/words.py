"""What a status of C-STORE or STOW-RS means, in plain words (PS3.4 B.2.3, PS3.7 annex C)."""


def of_status(status: int) -> tuple[str, str]:
    """sent, refused or later for a status, and what the destination did; its name goes before the words."""
    if status == 0x0000:
        return "sent", "has stored it"
    if 0xB000 <= status <= 0xBFFF:
        return "sent", "has stored it, with a warning"
    if 0xA700 <= status <= 0xA7FF:
        return "later", "has no room at the moment"
    if 0xA900 <= status <= 0xA9FF:
        return "refused", "says that the object is not of the class it names"
    if 0xC000 <= status <= 0xCFFF:
        return "refused", "could not understand the object"
    return "refused", _WORDS.get(status, "refused the object")


_WORDS = {
    0x0110: "failed while processing the object", 0x0111: "has another object with this identity",
    0x0117: "finds the object's identity invalid", 0x0122: "does not store objects of this kind",
    0x0124: "does not allow us to store", 0x0210: "was sent the same message twice",
    0x0211: "does not know this service",
    0x0212: "finds the message malformed",
}
