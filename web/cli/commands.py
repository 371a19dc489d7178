"""Every command, its options and its help; the work is in the modules beside this one."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from web.cli.say import ERRORS, Fault

_EXIT_CODES = (
    "Exit codes: 0 done; 1 refused, or a check failed; 2 wrong use or configuration; 3 in use by another process; "
    "130 interrupted."
)
Config = Annotated[Path | None, Option("--config", metavar="FILE", help="Configuration file; ./config.toml if there.")]
Folder = Annotated[Path | None, Option("--dir", metavar="DIR", help="Folder of the installation, e.g. a demo's.")]
AsJson = Annotated[bool, Option("--json", help="Answer in JSON, for scripts.")]
Email = Annotated[str, Argument(metavar="EMAIL", help="The address the person signs in with.")]

app = typer.Typer(
    no_args_is_help=True, add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False,
    help="Virtual case conferences: referral, images, live deliberation, one signed recommendation.\n\n"
         "New here? [bold]consilium demo[/bold] starts everything with invented people and images.",
    epilog=_EXIT_CODES,
)
user = typer.Typer(no_args_is_help=True, help="People: add, list, disable, reset.", epilog=_EXIT_CODES)
board = typer.Typer(no_args_is_help=True, help="Boards: add, list.", epilog=_EXIT_CODES)
vault = typer.Typer(no_args_is_help=True, help="Images: verify, clear, retention, legal holds.", epilog=_EXIT_CODES)
audit = typer.Typer(no_args_is_help=True, help="The audit: every change and every read, hash-chained.")
app.add_typer(user, name="user")
app.add_typer(board, name="board")
app.add_typer(vault, name="vault")
app.add_typer(audit, name="audit")


def main() -> None:
    """Run the command line; every failure is one sentence and an exit code."""
    try:
        app(standalone_mode=False)
    except Fault as fault:
        ERRORS.print(f"[red]consilium:[/red] {fault}", markup=True)
        sys.exit(fault.code)
    except typer.Exit as ended:
        sys.exit(ended.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    except Exception as error:
        shown = getattr(error, "show", None)
        if callable(shown):  # wrong use: typer says which option, and how
            shown()
            sys.exit(2)
        raise


@app.command(epilog="Example: consilium demo --port 8000 --dir ./demo")
def demo(
    port: Annotated[int, Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8000,
    folder: Annotated[Path, Option("--dir", metavar="DIR", help="Where the demo lives; kept for the next time.")] =
    Path("consilium-demo"),
    as_json: AsJson = False,
) -> None:
    """Start a board with invented people, cases, images and history.

    The first start generates everything (some seconds); later ones go on where you stopped. One sign-in link per role
    is printed: open three of them in three browser windows, and run today's conference.
    """
    from web.cli.serve import demo as run

    run(folder, port, as_json=as_json)


@app.command(epilog="Example: consilium serve --config /etc/consilium/config.toml")
def serve(config: Config = None, folder: Folder = None) -> None:
    """Run the server until it is interrupted.

    Everything is in one process; TLS belongs to a proxy in front. The database is migrated at the start.
    """
    from web.cli.serve import serve as run

    run(config, folder)


@app.command(epilog="Example: consilium migrate --dir ./demo")
def migrate(config: Config = None, folder: Folder = None, as_json: AsJson = False) -> None:
    """Bring the database to this release's schema. Safe to repeat."""
    from web.cli.keep import migrate as run

    run(config, folder, as_json=as_json)


@app.command(epilog="Example: consilium check --json | jq .healthy")
def check(config: Config = None, folder: Folder = None, as_json: AsJson = False) -> None:
    """Show the settings in force with where each came from, and test database, vault, codecs, client and clock.

    Secrets are hidden. Exit code 1 when a test fails.
    """
    from web.cli.check import check as run

    run(config, folder, as_json=as_json)


@user.command("add", epilog="Example: consilium user add ada@clinic.example --name 'Ada Moreau' --standing referrer "
                            "--site 'Prairie Creek' --time-zone America/Denver")
def user_add(
    email: Email,
    name: Annotated[str, Option(help="Full name.")],
    standing: Annotated[str, Option(help="member, referrer, coordinator or administrator.")],
    site: Annotated[str, Option(help="Name of the site; the only one if left out.")] = "",
    time_zone: Annotated[str, Option(help="IANA time zone, to make a site that is not there yet.")] = "",
    discipline: Annotated[str, Option(help="Code of the profession, e.g. spine-surgery.")] = "",
    credentials: Annotated[str, Option(help="Printed after the name, e.g. 'MD, FACS'.")] = "",
    board: Annotated[str, Option(help="Name of the board to sit on; the only one if left out.")] = "",
    role: Annotated[str, Option(help="Seat: chair, coordinator, core, extended, deputy or observer.")] = "",
    config: Config = None, folder: Folder = None, as_json: AsJson = False,
) -> None:
    """Add a person and print the link with which they choose their password."""
    from web.cli.people import add as run

    fields = {
        "email": email, "name": name, "standing": standing, "site": site, "time_zone": time_zone,
        "discipline": discipline, "credentials": credentials, "board": board, "role": role,
    }
    run(fields, config, folder, as_json=as_json)


@user.command("list", epilog="Example: consilium user list --dir ./demo")
def user_list(config: Config = None, folder: Folder = None, as_json: AsJson = False) -> None:
    """List everybody, with standing, site and seats. Works beside a running server."""
    from web.cli.people import listing as run

    run(config, folder, as_json=as_json)


@user.command("disable", epilog="Example: consilium user disable ada@clinic.example")
def user_disable(email: Email, config: Config = None, folder: Folder = None, as_json: AsJson = False) -> None:
    """Take a person's access away at once; their name stays on what they said and signed."""
    from web.cli.people import disable as run

    run(email, config, folder, as_json=as_json)


@user.command("reset", epilog="Example: consilium user reset ada@clinic.example")
def user_reset(email: Email, config: Config = None, folder: Folder = None, as_json: AsJson = False) -> None:
    """End a person's sessions and print a link with which they choose a new password."""
    from web.cli.people import reset as run

    run(email, config, folder, as_json=as_json)


@board.command("add", epilog="Example: consilium board add 'Spine board' --time-zone America/Denver "
                             "--required spine-surgery --required physiatry")
def board_add(
    name: Annotated[str, Argument(metavar="NAME", help="Name of the board; no other may have it.")],
    time_zone: Annotated[str, Option(help="IANA time zone of the board's own clock.")],
    required: Annotated[list[str] | None, Option(
        metavar="CODE", help="Discipline without which a recommendation is only provisional; may be repeated.",
    )] = None,
    charter: Annotated[str, Option(help="What the board is for; referrers read it.")] = "",
    config: Config = None, folder: Folder = None, as_json: AsJson = False,
) -> None:
    """Add a board; `consilium user add … --board NAME --role ROLE` then seats its members."""
    from web.cli.boards import add as run

    fields = {"name": name, "time_zone": time_zone, "required": required or [], "charter": charter}
    run(fields, config, folder, as_json=as_json)


@board.command("list", epilog="Example: consilium board list --dir ./demo")
def board_list(config: Config = None, folder: Folder = None, as_json: AsJson = False) -> None:
    """List the boards with their members. Works beside a running server."""
    from web.cli.boards import listing as run

    run(config, folder, as_json=as_json)


@app.command("import", epilog="Example: consilium import ./cd-rom scans.zip --case 1042 --dir ./demo")
def import_images(
    paths: Annotated[list[Path], Argument(metavar="PATH…", help="DICOM files, folders or zips.")],
    case: Annotated[int, Option(help="Number of the case, as it is said aloud.")],
    accept: Annotated[bool, Option("--accept", help="Take files whose patient differs from the case's.")] = False,
    deidentify: Annotated[bool, Option("--deidentify", help="Take out who the patient is; keep no original.")] = False,
    config: Config = None, folder: Folder = None, as_json: AsJson = False,
) -> None:
    """Bring images into a case, through the same checks as an upload.

    Files of two patients are refused together; every file that is not taken is named with its reason.
    """
    from web.cli.bring import bring as run

    run(paths, case, config, folder, accept=accept, deidentify=deidentify, as_json=as_json)


@app.command("export", epilog="Example: consilium export 1042 ./case-1042 --dir ./demo")
def export_objects(
    case: Annotated[int, Argument(metavar="CASE", help="Number of the case, as it is said aloud.")],
    target: Annotated[Path, Argument(metavar="DIR", help="A new or empty folder.")],
    config: Config = None, folder: Folder = None, as_json: AsJson = False,
) -> None:
    """Write a case's letter, measurements, marks and key images as DICOM files. The export is in the audit."""
    from web.cli.bring import take_out as run

    run(case, target, config, folder, as_json=as_json)


@app.command("verify", epilog="Example: consilium verify recommendation.json --letter letter.pdf")
def verify(
    file: Annotated[Path, Argument(metavar="FILE", help="The signed recommendation or replay, as downloaded.")],
    letter: Annotated[Path | None, Option("--letter", help="Also check that this PDF was made of it.")] = None,
    trust: Annotated[str, Option("--trust", help="The key, or its identity, it must be signed with.")] = "",
    as_json: AsJson = False,
) -> None:
    """Check a signed recommendation with nothing but its file: no server, no database, no network.

    Exit code 1 says what was changed, and where.
    """
    from web.cli.prove import verify as run

    run(file, letter, trust, as_json=as_json)


@audit.command("verify", epilog="Example: consilium audit verify --config config.toml && echo unbroken")
def audit_verify(config: Config = None, folder: Folder = None, as_json: AsJson = False) -> None:
    """Check audit, rooms, signed records, addenda and letters; exit code 1 names each that does not fit."""
    from web.cli.check import verify as run

    run(config, folder, as_json=as_json)


DryRun = Annotated[bool, Option("--dry-run", help="Only say what would be removed.")]


@vault.command("verify", epilog="Example: consilium vault verify --config config.toml && echo all there")
def vault_verify(config: Config = None, folder: Folder = None, as_json: AsJson = False) -> None:
    """Read every object of the vault and compare it with its digest and with the index.

    Missing, damaged and orphaned objects are listed; exit code 1 when one is missing or damaged. Works beside a running
    server.
    """
    from web.cli.vault import verify as run

    run(config, folder, as_json=as_json)


@vault.command("gc", epilog="Example: consilium vault gc --dry-run --dir ./demo")
def vault_gc(
    dry_run: DryRun = False, config: Config = None, folder: Folder = None, as_json: AsJson = False
) -> None:
    """Remove objects that no record names and that are older than [imaging.vault] grace_hours."""
    from web.cli.vault import gc as run

    run(config, folder, dry_run=dry_run, as_json=as_json)


@vault.command("retention", epilog="Example: consilium vault retention --dry-run --config config.toml")
def vault_retention(
    dry_run: DryRun = False, config: Config = None, folder: Folder = None, as_json: AsJson = False
) -> None:
    """Let go of images whose board's time is over; the server does it by itself once a day.

    What a mark, a picture shown in a room, a packet or a signed record refers to stays, and so does every held case.
    """
    from web.cli.vault import retention as run

    run(config, folder, dry_run=dry_run, as_json=as_json)


Number = Annotated[int, Argument(metavar="CASE", help="Number of the case.")]


@vault.command("hold", epilog="Example: consilium vault hold 1042 --reason 'request 7/2026 of the court'")
def vault_hold(
    case: Number, reason: Annotated[str, Option(help="Why; shown in `consilium vault holds`.")],
    config: Config = None, folder: Folder = None, as_json: AsJson = False,
) -> None:
    """Put a case under a legal hold: no image of it is removed until it is released."""
    from web.cli.vault import hold as run

    if not reason.strip():
        raise Fault("Say why with --reason.", 2)
    run(case, reason, config, folder, as_json=as_json)


@vault.command("release", epilog="Example: consilium vault release 1042")
def vault_release(case: Number, config: Config = None, folder: Folder = None, as_json: AsJson = False) -> None:
    """Release a case from its legal hold."""
    from web.cli.vault import hold as run

    run(case, "", config, folder, as_json=as_json)


@vault.command("holds", epilog="Example: consilium vault holds --json")
def vault_holds(config: Config = None, folder: Folder = None, as_json: AsJson = False) -> None:
    """List the cases under a legal hold. Works beside a running server."""
    from web.cli.vault import holds as run

    run(config, folder, as_json=as_json)


@app.command(epilog="Example: TOKEN=$(consilium token --email rural@demo.example --dir ./demo | tail -1)")
def token(
    email: Annotated[str, Option(help="Whose token; the only administrator's if left out.")] = "",
    name: Annotated[str, Option(help="What uses it; shown on the account page.")] = "command line",
    days: Annotated[int, Option(min=1, max=366, help="How long it works.")] = 30,
    config: Config = None, folder: Folder = None, as_json: AsJson = False,
) -> None:
    """Print a bearer token for the API on the last line; it is shown once and kept nowhere."""
    from web.cli.people import token as run

    run(email, name, days, config, folder, as_json=as_json)


@app.command(epilog="Example: consilium backup /backups/2026-11-21 --config config.toml")
def backup(
    target: Annotated[Path, Argument(metavar="DIR", help="A new or empty folder.")],
    config: Config = None, folder: Folder = None, as_json: AsJson = False,
) -> None:
    """Copy database, images, keys and configuration, with a digest of every file. The server may go on."""
    from web.cli.keep import backup as run

    run(target, config, folder, as_json=as_json)


@app.command(epilog="Example: consilium restore /backups/2026-11-21 --dir /srv/consilium")
def restore(
    source: Annotated[Path, Argument(metavar="DIR", help="A folder that `consilium backup` wrote.")],
    config: Config = None, folder: Folder = None, as_json: AsJson = False,
) -> None:
    """Verify a backup in full, then lay it out in a new or empty folder. Nothing is ever overwritten."""
    from web.cli.keep import restore as run

    run(source, config, folder, as_json=as_json)
