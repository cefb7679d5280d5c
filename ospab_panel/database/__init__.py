"""Django's backend of PostgreSQL, with a cheaper look at a connection that comes out of the pool. settings.py names it."""
