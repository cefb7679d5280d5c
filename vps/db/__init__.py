"""What PostgreSQL does for us: locks, its clock, an encrypted field, digests. Models and services call it."""
