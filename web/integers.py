"""The bounds of PostgreSQL's integers, for whatever reads a number from outside."""

INT_MAX = 2_147_483_647
