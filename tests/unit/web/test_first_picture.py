"""What a page brings along so that its first image is early."""

from pathlib import Path

import pytest

from web import pages

MANIFEST = {
    "src/room.ts": {"file": "room-1.js", "name": "room", "isEntry": True, "imports": ["v", "l"], "css": ["room.css"]},
    "v": {"file": "viewer-1.js", "imports": ["l"], "css": ["viewer.css"], "assets": ["decode-1.js", "type.woff2"]},
    "l": {"file": "lit-1.js"},
    "src/site.ts": {"file": "site-1.js", "name": "site", "isEntry": True},
}


@pytest.fixture(autouse=True)
def bundle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assets = tmp_path / "dist" / "assets"
    assets.mkdir(parents=True)
    (assets / "codec-1.wasm").write_bytes(b"\0asm")
    monkeypatch.setattr(pages, "STATIC", tmp_path)
    monkeypatch.setattr(pages, "_manifest", lambda: MANIFEST)


def test_scripts_an_entry_imports_are_named_once_and_without_itself() -> None:
    assert pages.imports("room") == ["/static/dist/viewer-1.js", "/static/dist/lit-1.js"]
    assert pages.imports("site") == []


def test_style_sheets_come_with_their_imports() -> None:
    assert pages.stylesheets("room") == ["/static/dist/room.css", "/static/dist/viewer.css"]


def test_what_is_fetched_ahead_holds_the_decoder_but_no_typeface() -> None:
    assert pages.ahead("room") == [
        f"/static/dist/{name}"
        for name in (
            "room-1.js", "viewer-1.js", "lit-1.js", "room.css", "viewer.css", "decode-1.js", "assets/codec-1.wasm",
        )
    ]
    assert pages.ahead("site") == ["/static/dist/site-1.js"]
