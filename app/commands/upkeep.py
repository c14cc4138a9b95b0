"""`backup`, `restore`, `snapshot` and `verify`: what keeps the directory safe."""

from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from app.catalog import publication
from app.commands.directory import open_database, shown
from app.desk.access.labels import COMMAND_LINE
from app.engines import backup
from app.records import parsing
from app.records.wording import counted
from app.research import snapshot_store, snapshots
from app.research.snapshots import SnapshotRequest
from app.search.index import Index
from app.settings import Settings
from app.terminal import MAX_FAULTS_SHOWN, console, print_failure


def back_up(
    file: Annotated[Path, typer.Argument(help="Where to write it.", dir_okay=False)],
) -> None:
    """Write the whole directory to one file, while the service runs.

    The file gets its name only after it has been read back, and replaces any file of that name.
    """
    revision = backup.back_up(Settings().database_url, file)
    console.print(f"Backed up revision {revision} to {file}")


def restore(
    file: Annotated[
        Path, typer.Argument(help="A file that `backup` wrote.", exists=True, dir_okay=False)
    ],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Destroy what the directory holds now.")
    ] = False,
) -> None:
    """Replace the directory with a backup. Stop the service first."""
    settings = Settings()
    revision = backup.restore(settings.database_url, file, overwrite=overwrite)
    console.print(
        f"Restored revision {revision} to {shown(settings)}. Start the service, which migrates the "
        "tables if they are older, then run: model-districts verify"
    )


def snapshot(
    version_: Annotated[
        str, typer.Argument(metavar="VERSION", help="Year and number, such as 2026.1.")
    ],
    note: Annotated[str, typer.Option(help="What the release is for, in a sentence.")],
) -> None:
    """Freeze what is public now as a release: its files never change."""
    release = parsing.parse_shape(SnapshotRequest, {"version": version_, "note": note})
    settings = Settings()
    with open_database(settings) as database:
        frozen = snapshots.freeze(
            database,
            release.version,
            note=release.note,
            by=COMMAND_LINE,
            base_url=settings.base_url,
            software=version("model-districts"),
        )
    console.print(
        f"Froze snapshot {frozen.version} at revision {frozen.revision}: {counted(len(frozen.files), 'file')}."
    )


def verify(
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Rebuild the catalog if an entry differs.")
    ] = False,
) -> None:
    """Check that the catalog matches the published revisions, and every snapshot its checksums.

    The exit code is 1 if not.
    """
    settings = Settings()
    with open_database(settings) as database:
        with database.reading_primary() as session:
            wrong = publication.differences(session)
        damaged = list(snapshot_store.damaged_files(database))
        for snapshot_version, file in damaged:
            print_failure(f"Damaged: {file} of snapshot {snapshot_version}. Restore a backup.")
        for kind, slug in wrong[:MAX_FAULTS_SHOWN]:
            console.print(f"differs: {kind} {slug}")
        if not wrong:
            console.print("Every catalog entry matches its published revision.")
        elif rebuild:
            with database.writing() as session:
                publication.rebuild(session)
            Index(database, index_dir=settings.index_dir).delete_file()
            console.print(
                f"Rebuilt {counted(len(wrong), 'catalog entry', 'catalog entries')}. "
                "Restart the service to load what is new."
            )
        else:
            number = counted(len(wrong), "entry differs", "entries differ")
            print_failure(f"{number}. Run: model-districts verify --rebuild")
        if damaged or (wrong and not rebuild):
            raise typer.Exit(1)
