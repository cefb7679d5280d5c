"""Who is calling: users, the main site's API key, JWTs. Knows nothing of what is sold."""
