"""The plumbing of every endpoint and page that speaks HTTP. It knows no noun of ours, and everybody above may call it."""
