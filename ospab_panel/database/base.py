"""The backend that `ospab_panel.database` names. Django loads it, and web.compiled_query asks it for a prepared cursor.

A pool that asks each connection whether it is alive asks once a request, and that is a round trip. A server that has closed
one has said so: the socket has something to read, where nothing was asked. Only of one that has lain idle for long, whose
way may have gone without a word, is more asked.
"""

import select
import time
from collections.abc import Callable, Sequence
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection
from psycopg_pool import ConnectionPool

from ospab_panel.database.together import Asked, Prepared, Rows, ask, ask_ahead

IDLE_FOR_S = 5.0
# To look takes a thread the interpreter, which it has back when the others leave it: one that is in use all the time is not
# looked at each time.
IN_USE_FOR_S = 0.1


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
        prepared on one of them is unknown on the next. A plan that serves whatever is asked is made once.
        """
        server = connection.execute("SELECT pg_backend_pid()").fetchone()
        if server == (connection.info.backend_pid,):
            connection.execute("SET plan_cache_mode = force_generic_plan")
            connection.prepared = Prepared()  # type: ignore[attr-defined]
        return super()._configure_connection(connection)

    def ask(self, asked: Sequence[Asked], *, is_last: bool = False, is_binary: bool = False) -> list[Rows]:
        """The rows of each of these statements, in one round trip. With `is_last` nothing follows in the transaction: it is
        committed in the same one, where none is around it.
        """
        self.validate_no_broken_transaction()
        self.close_if_health_check_failed()
        self.ensure_connection()
        commits = is_last and len(self.atomic_blocks) == 1 and not self.needs_rollback
        began = time.monotonic()
        try:
            with self.wrap_database_errors:
                return ask(self.connection, asked, commits=commits, is_binary=is_binary)
        finally:
            if self.queries_logged:
                sql = "; ".join(text for text, _ in asked)
                self.queries_log.append({"sql": sql, "time": f"{time.monotonic() - began:.3f}"})

    def ask_ahead(self, asked: Sequence[Asked]) -> Callable[[], list[Rows]]:
        """As `ask`, but nobody waits: that is done by what is given back, before anything else is asked."""
        self.validate_no_broken_transaction()
        self.ensure_connection()
        if self.queries_logged:
            self.queries_log.append({"sql": "; ".join(text for text, _ in asked), "time": "0.000"})
        with self.wrap_database_errors:
            rows = ask_ahead(self.connection, asked)
        return self.wrap_database_errors(rows)  # type: ignore[no-any-return]


def check(connection: Connection[Any]) -> None:
    """Raises what psycopg raises of a connection that is gone."""
    now = time.monotonic()
    if now - getattr(connection, "looked_at", 0.0) < IN_USE_FOR_S:
        return
    socket = select.poll()
    socket.register(connection.fileno(), select.POLLIN)
    is_quiet = not socket.poll(0)
    is_new = now - getattr(connection, "looked_at", 0.0) < IDLE_FOR_S
    connection.looked_at = now  # type: ignore[attr-defined]
    if not (is_quiet and is_new):
        ConnectionPool.check_connection(connection)
