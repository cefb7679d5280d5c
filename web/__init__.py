"""The plumbing of every door that speaks HTTP. It knows no noun of ours, and everybody above may call it."""
