"""Nodes: one list for both directions; a mistake in it is named before anything is sent."""

import ssl
from pathlib import Path

import pytest
from pydantic import ValidationError

from imaging.nodes import Node, NodeTls, NodeUnusable, bearer, node_named, tls_context
from imaging.settings import ImagingSettings

DIMSE = {"name": "Archive", "host": "10.0.0.5", "ae_title": "PACS"}
WEB = {"name": "Web", "kind": "dicomweb", "url": "https://pacs.example.org/dicom-web"}


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ({"name": "Archive", "host": "10.0.0.5"}, "needs host and ae_title"),
        ({**DIMSE, "ae_title": "A TITLE THAT IS TOO LONG"}, "ae_title"),
        ({**DIMSE, "port": 0}, "port"),
        ({"name": "Web", "kind": "dicomweb"}, "needs url"),
        ({**WEB, "url": "https://me:secret@pacs.example.org"}, "address alone"),
        ({**WEB, "url": "http://pacs.example.org", "token_file": "token"}, "not sent over http"),
        ({**DIMSE, "tls": {"certificate": "us.pem"}}, "belong together"),
    ],
)
def test_a_node_that_cannot_be_spoken_to_is_refused(said: dict[str, object], names: str) -> None:
    with pytest.raises(ValidationError, match=names):
        Node.model_validate(said)


def test_two_nodes_of_one_name_are_refused() -> None:
    with pytest.raises(ValidationError, match="two nodes are called"):
        ImagingSettings.model_validate({"nodes": [DIMSE, {**WEB, "name": "archive"}]})


def test_a_node_is_found_by_its_name() -> None:
    nodes = ImagingSettings.model_validate({"nodes": [DIMSE, WEB]}).nodes
    assert [node_named(nodes, name) for name in ("Web", "Nowhere")] == [nodes[1], None]
    assert [one.address for one in nodes] == ["PACS@10.0.0.5:104", "https://pacs.example.org/dicom-web"]


def test_encryption_always_checks_who_answers() -> None:
    assert tls_context(Node.model_validate(DIMSE)) is None
    assert tls_context(Node.model_validate({**WEB, "url": "http://127.0.0.1:8042"})) is None
    for node in (Node.model_validate(WEB), Node.model_validate({**DIMSE, "tls": {}})):
        context = tls_context(node)
        assert context is not None
        assert context.verify_mode == ssl.CERT_REQUIRED
        assert context.check_hostname


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    lost = str(tmp_path / "lost.pem")
    with pytest.raises(NodeUnusable, match="TLS files of Archive"):
        tls_context(Node.model_validate({**DIMSE, "tls": NodeTls(ca=lost)}))
    with pytest.raises(NodeUnusable, match="token file of Web"):
        bearer(Node.model_validate({**WEB, "token_file": lost}))
    (tmp_path / "token").write_text("secret\n")
    assert bearer(Node.model_validate({**WEB, "token_file": str(tmp_path / "token")})) == "secret"
    assert bearer(Node.model_validate(WEB)) is None
