"""An encapsulated PDF (PS3.3 A.45.1): its bytes, how many pages it has, and a page as a picture. For workers.

A PDF of somebody else is not opened in the reader's browser: pages are drawn here, in the sandbox, and the file itself
is given for download only.
"""

import io

import pypdfium2  # type: ignore[import-untyped]
from pydicom.dataset import Dataset

from imaging.display.values import Document

_MOST_PAGES = 500
_LONGER_SIDE = 1800


class NoDocument(ValueError):
    """This object holds no PDF; the text says why."""


def pdf(found: Dataset) -> bytes:
    """The PDF as it was encapsulated; raises NoDocument."""
    kind = str(found.get("MIMETypeOfEncapsulatedDocument", "") or "").lower()
    data = bytes(found.get("EncapsulatedDocument") or b"")
    length = found.get("EncapsulatedDocumentLength")
    if isinstance(length, int) and 0 < length <= len(data):
        data = data[:length]
    if kind not in ("application/pdf", "") or b"%PDF-" not in data[:1024]:
        raise NoDocument("The encapsulated document is no PDF.")
    return data


def document(found: Dataset) -> Document:
    """Its title and pages; raises NoDocument."""
    opened = _opened(pdf(found))
    title = str(found.get("DocumentTitle", "") or "").strip()
    return Document(title=title[:400], pages=min(len(opened), _MOST_PAGES))


def page(found: Dataset, number: int) -> bytes:
    """Page `number` (from 1) as WebP; raises NoDocument."""
    opened = _opened(pdf(found))
    if not 1 <= number <= min(len(opened), _MOST_PAGES):
        raise NoDocument("There is no such page.")
    one = opened[number - 1]
    longer = max(one.get_size())
    scale = min(_LONGER_SIDE / longer, 4.0) if longer > 0 else 1.0
    picture = one.render(scale=scale).to_pil().convert("RGB")
    into = io.BytesIO()
    picture.save(into, "WEBP", quality=85, method=2)
    return into.getvalue()


def _opened(data: bytes) -> "pypdfium2.PdfDocument":
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise NoDocument("The PDF is damaged or locked with a password.") from error
