"""What the API is, told as OpenAPI 3.1: a table of its doors and the shapes of what they take and answer.

`doors` is the table, a file an audience; `generator` makes the schema of it, and `views` serves it. Doors know nothing
of it: they are described from above, and tests hold every answer of the suite against the description.
"""
