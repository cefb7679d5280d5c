"""What logging in and mails leave behind, and how long it is kept. The task `forget` calls it by the hour."""

from django.db import connection

from web.forgetting import forget

# What refers to a row goes before it.
KEPT = (
    ("django_session", "expire_date < now()"),
    ("token_families", "expires_at < now()"),
    ("login_links", "expires_at < now()"),
    ("mail_links", "expires_at < now()"),
    ("known_networks", "used_at < now() - interval '90 days'"),
    ("mails", "ended_at < now() - interval '30 days'"),
    # Asked for by a name that turned out to be nobody's, and for anybody to fill the table with.
    ("mails", "user_id IS NULL AND ended_at < now() - interval '1 day'"),
    # Nobody has sent them since, for mails were switched off.
    ("mails", "created_at < now() - interval '30 days'"),
)
EXPIRED = "SELECT id FROM token_blacklist_outstandingtoken WHERE expires_at < now()"
# What release 0.3 has left. New installations lack some of the tables.
LEFT_BEHIND = (
    ("token_blacklist_blacklistedtoken", f"token_id IN ({EXPIRED})"),
    ("token_blacklist_outstandingtoken", f"id IN ({EXPIRED})"),
    ("axes_accessattempt", "attempt_time < now() - interval '1 day'"),
    ("axes_accessfailurelog", "attempt_time < now() - interval '1 day'"),
    ("axes_accesslog", "attempt_time < now() - interval '1 day'"),
)


def forget_old() -> int:
    """Returns how many rows went."""
    there = set(connection.introspection.table_names())
    return sum(forget(table, condition) for table, condition in (*KEPT, *LEFT_BEHIND) if table in there)
