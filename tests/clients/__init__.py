"""The main site's clients, in TypeScript and in Python, told the same things by the same tests."""
