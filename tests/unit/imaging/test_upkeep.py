"""Vault and index compared: what is missing, damaged, named by nobody, or only just coming in."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from imaging.vault import LocalVault
from imaging.vault.upkeep import Named, verify

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
ALWAYS = datetime(2100, 1, 1, tzinfo=UTC)


def dicom(text: str) -> bytes:
    return bytes(128) + b"DICM" + text.encode()


def test_everything_that_does_not_agree_is_found_and_named(tmp_path: Path) -> None:
    vault = LocalVault(tmp_path)
    good, bad, other = (vault.keep([dicom(text)]).digest for text in ("good", "bad", "other"))
    orphan, letter = vault.keep([dicom("orphan")]).digest, vault.keep([b"a letter"]).digest
    place = tmp_path / bad[:2] / bad
    place.chmod(0o600)
    place.write_bytes(dicom("BAD"))
    named = {one: Named(f"1.2.{number}", 136) for number, one in enumerate((good, bad, "0" * 64))}
    named[other] = Named("1.2.9", 7)  # the index says another size
    shares: list[float] = []
    done = verify(vault, named, ALWAYS, shares.append)
    assert {(one.kind, one.digest, one.record) for one in done.found} == {
        ("missing", "0" * 64, "1.2.2"), ("corrupt", bad, "1.2.1"), ("corrupt", other, "1.2.9"),
        ("orphaned", orphan, ""), ("unknown", letter, ""),
    }
    assert not done.sound
    assert (done.objects, shares[-1]) == (5, 1.0)


def test_orphans_do_no_harm_and_the_young_are_only_counted(tmp_path: Path) -> None:
    vault = LocalVault(tmp_path)
    vault.keep([dicom("on its way in")])
    old = verify(vault, {}, ALWAYS, lambda _share: None)
    assert (old.sound, old.young, [one.kind for one in old.found]) == (True, 0, ["orphaned"])
    young = verify(vault, {}, NEVER, lambda _share: None)
    assert (young.sound, young.young, young.found) == (True, 1, ())


def test_an_empty_vault_agrees_with_an_empty_index(tmp_path: Path) -> None:
    done = verify(LocalVault(tmp_path), {}, NEVER + timedelta(1), lambda _share: None)
    assert (done.sound, done.objects, done.found) == (True, 0, ())
