"""Django's sessions in the database, whose end is announced, whatever ends them. SESSION_ENGINE names this module."""

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from accounts import standing


class SessionStore(DatabaseStore):
    def flush(self) -> None:
        """Logging out, being somebody else from now on, or a session that is found to be nobody's any more."""
        user_id = self.get(SESSION_KEY)
        super().flush()
        if user_id:
            standing.announce(int(user_id))
