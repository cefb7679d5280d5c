"""`make mutate`: the lines that hold the promises of docs/reliability.md, broken one at a time."""
