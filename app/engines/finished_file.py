"""Files that have their name only once they are whole."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DAY_SECONDS = 24 * 3600


@contextmanager
def finished_in_place(file: Path, *, mode: int = 0o666) -> Iterator[Path]:
    """A path beside the file. What is written there takes its place when the block ends well.

    `mode`: who may read and write it, less what the process's umask takes away.
    """
    for left in file.parent.glob(f".{file.name}.*.unfinished"):
        if left.stat().st_mtime < time.time() - DAY_SECONDS:  # of a run that was killed
            left.unlink(missing_ok=True)
    unfinished = file.with_name(f".{file.name}.{os.getpid()}.unfinished")
    try:
        unfinished.touch(mode=mode)
        yield unfinished
        with unfinished.open("rb+") as written:
            os.fsync(written.fileno())
        unfinished.replace(file)
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the new name, too, is on disk
        finally:
            os.close(folder)
    finally:
        unfinished.unlink(missing_ok=True)
