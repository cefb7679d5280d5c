"""The backend that `ospab_panel.database` names. Django loads it, and web.compiled_query asks it for a prepared cursor.

A pool that asks each connection whether it is alive asks once a request, and that is a round trip. A server that has closed
one has said so: the socket has something to read, where nothing was asked. Only of one that has lain idle for long, whose
way may have gone without a word, is more asked.
"""

import select
import time
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection, Cursor
from psycopg_pool import ConnectionPool

IDLE_FOR_S = 5.0


Backend: Any = base.DatabaseWrapper  # django-stubs know of no pool


class DatabaseWrapper(Backend):  # type: ignore[misc]
    @property
    def pool(self) -> Any:
        """As Django makes it, but for `check`."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if options and self.alias not in self._connection_pools:
            arguments = self.get_connection_params() | {"autocommit": True}
            checked: dict[str, Any] = {"configure": self._configure_connection, "check": check}
            made = ConnectionPool(kwargs=arguments, open=False, **checked, **options)
            self._connection_pools.setdefault(self.alias, made)
        return super().pool

    def _configure_connection(self, connection: Connection[Any]) -> Any:
        """A pooler in between, which lends its connections by the transaction, gives itself for the server: what was
        prepared on one of them is unknown on the next.
        """
        server = connection.execute("SELECT pg_backend_pid()").fetchone()
        connection.prepare_threshold = 0 if server == (connection.info.backend_pid,) else None
        return super()._configure_connection(connection)

    def prepared_cursor(self) -> Any:
        """For a statement that comes again and again: PostgreSQL reads and plans it once a connection, and values come as
        bytes that need no parsing."""
        self.ensure_connection()
        return self._prepare_cursor(PreparedCursor(self.connection))


class PreparedCursor(Cursor[Any]):
    def execute(self, query: Any, params: Any = None, **_: Any) -> "PreparedCursor":
        return super().execute(query, params, binary=True)


def check(connection: Connection[Any]) -> None:
    """Raises what psycopg raises of a connection that is gone."""
    now = time.monotonic()
    socket = select.poll()
    socket.register(connection.fileno(), select.POLLIN)
    is_quiet = not socket.poll(0)
    is_new = now - getattr(connection, "last_used", 0.0) < IDLE_FOR_S
    connection.last_used = now  # type: ignore[attr-defined]
    if not (is_quiet and is_new):
        ConnectionPool.check_connection(connection)
