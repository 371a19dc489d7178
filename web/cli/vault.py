"""`consilium vault …`."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import cast

from agenda.keeping import held
from imaging.errors import VaultFailed
from imaging.retention import named
from imaging.vault.place import vault_of
from imaging.vault.upkeep import Progress, Verified
from imaging.vault.upkeep import verify as compare
from web.cli.place import Place, find, order, reading
from web.cli.say import Fault, bar, say, say_json
from web.clock import now

_WORDS = {
    "missing": "is named and not there", "corrupt": "is damaged",
    "orphaned": "is named by no record; `consilium vault gc` removes it", "unknown": "is not ours",
}


def verify(config: Path | None, folder: Path | None, *, as_json: bool) -> None:
    """Read the whole vault; raises Fault when an object is missing or damaged. Works beside a running server."""
    place = find(config, folder)
    try:
        with bar(quiet=as_json) as progress:
            done = _verified(place, lambda share: progress("Verifying", share))
    except VaultFailed as failed:
        raise Fault(str(failed)) from None
    if as_json:
        say_json({"sound": done.sound, "objects": done.objects, "bytes": done.size, "young": done.young,
                  "found": [asdict(one) for one in done.found]})
    else:
        for one in done.found:
            say(f"{one.digest} {_WORDS[one.kind]}{f' (image {one.record})' if one.record else ''}")
        say(f"{done.objects} objects, {done.size / 1e6:,.1f} MB; {done.young} not yet named by a record.")
    if not done.sound:
        bad = sum(one.kind in ("missing", "corrupt") for one in done.found)
        raise Fault(f"{bad} object(s) are missing or damaged; bring them back from a backup.")
    if not as_json:
        say("Vault and index agree.")


def gc(config: Path | None, folder: Path | None, *, dry_run: bool, as_json: bool) -> None:
    """Remove what no record names and is older than the grace."""
    with bar(quiet=as_json) as progress:
        done = order(find(config, folder), "vault.gc", {"dry_run": dry_run}, progress)
    if as_json:
        say_json(done)
        return
    for one in cast(Sequence[Mapping[str, object]], done["listed"]):
        say(f"{one['digest']} {one['bytes']} bytes, since {one['since']}")
    would = "would be" if dry_run else "were"
    say(f"{done['objects']} object(s), {cast(int, done['bytes']) / 1e6:,.1f} MB, {would} removed.")


def retention(config: Path | None, folder: Path | None, *, dry_run: bool, as_json: bool) -> None:
    """Let go of the images of cases whose board's time is over."""
    with bar(quiet=as_json) as progress:
        done = order(find(config, folder), "vault.retention", {"dry_run": dry_run}, progress)
    if as_json:
        say_json(done)
        return
    cases = cast(Sequence[Mapping[str, object]], done["cases"])
    for one in cases:
        size = cast(int, one["bytes"]) / 1e6
        say(f"Case {one['case']} of {one['board']}, over since {str(one['over_since'])[:10]}: {one['images']} images, "
            f"{size:,.1f} MB; {one['stay']} stay, because a record refers to them.")
    would = "would go" if dry_run else "went"
    say(f"The images of {len(cases)} case(s), {cast(int, done['bytes']) / 1e6:,.1f} MB, {would}.")


def hold(case: int, reason: str, config: Path | None, folder: Path | None, *, as_json: bool) -> None:
    """Put a case under a legal hold; an empty reason releases it."""
    done = order(find(config, folder), "case.hold", {"case": case, "reason": reason}, lambda _what, _share: None)
    if as_json:
        say_json(done)
    else:
        say(f"Case {case} is held: {reason}" if done["held"] else f"Case {case} is not held any more.")


def holds(config: Path | None, folder: Path | None, *, as_json: bool) -> None:
    """List the holds. Works beside a running server."""
    with reading(find(config, folder)) as session:
        found = [
            {"case": one.number, "reason": row.reason, "by": row.placed_by, "at": row.placed_at.isoformat()}
            for row, one in held(session)
        ]
    if as_json:
        say_json(found)
        return
    for line in found:
        say(f"Case {line['case']}, since {str(line['at'])[:10]}: {line['reason']}")
    if not found:
        say("No case is held.")


def _verified(place: Place, progress: Progress) -> Verified:
    """Compare, and look once more at what was found: an image may have come or gone meanwhile."""
    images = place.settings.imaging
    vault = vault_of(images, place.settings.storage.directory)
    young = now() - timedelta(hours=images.vault.grace_hours)
    with reading(place) as session:
        index = named(session)
    done = compare(vault, index, young, progress)
    if not done.found:
        return done
    with reading(place) as session:
        index = named(session)
    gone = {one.digest for one in done.found if one.kind in ("missing", "corrupt") and one.digest not in index}
    came = {one.digest for one in done.found if one.kind in ("orphaned", "unknown") and one.digest in index}
    left = tuple(one for one in done.found if one.digest not in gone | came)
    return Verified(done.objects, done.size, done.young, left)
