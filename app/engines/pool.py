"""The pool that all engines take their connections from."""

from sqlalchemy.pool import ConnectionPoolEntry, QueuePool


class ClosingPool(QueuePool):
    """A pool that keeps no connection open after it was disposed of.

    A thread may still hold a connection then. SQLAlchemy's own pool would take it back and leave
    it open until the garbage is collected.
    """

    _disposed = False

    def dispose(self) -> None:
        """Close what is idle now, and later whatever comes back."""
        self._disposed = True
        super().dispose()

    def recreate(self) -> "ClosingPool":
        """The same pool: its engine must not begin a new one, which nobody would dispose of."""
        return self

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        super()._do_return_conn(record)
        if self._disposed:
            super().dispose()
