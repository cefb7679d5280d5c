"""What is asked of the table of operations so often that the ORM would take longer to write it than PostgreSQL to carry it
out. For models/operation.py alone.
"""

# Each claim raises the fence, and so ends the right to write of all before it.
CLAIM = "UPDATE operations SET fence = fence + 1, claims = claims + 1"
CLAIM_DUE = f"""{CLAIM}
    WHERE id = %s AND state IN ('queued', 'running') AND due_at <= statement_timestamp() RETURNING id
"""
# For a round: nobody else sees them as due for so long.
CLAIM_EACH = f"{CLAIM}, due_at = statement_timestamp() + make_interval(secs => %s) WHERE id = ANY(%s::bigint[])"
# While this is still the last claim of what is open.
WRITE_AS_MINE = """most_progress = greatest(most_progress, %s)
    WHERE id = %s AND fence = %s AND state IN ('queued', 'running')
"""
# As `wake`, it locks many rows in the order of their ids.
RESCHEDULE = """
    UPDATE operations SET due_at = clock_timestamp() + make_interval(secs => mine.seconds), claims = 0
    FROM (
        SELECT operations.id, later.seconds
        FROM operations JOIN unnest(%s::bigint[], %s::int[], %s::float[]) AS later (id, fence, seconds)
            ON operations.id = later.id AND operations.fence = later.fence
        WHERE state IN ('queued', 'running')
        ORDER BY operations.id FOR UPDATE OF operations
    ) AS mine
    WHERE operations.id = mine.id
"""
# Of the watched ones of a cluster: each node that they wait for, the seconds until the first is due, and how many they are.
ROUNDS_LEFT = """
    SELECT operations.node, extract(epoch FROM min(due_at) - clock_timestamp())::float, count(*)
    FROM operations JOIN placements USING (vps_id)
    WHERE cluster_id = %s AND state IN ('queued', 'running') AND step = ANY(%s)
    GROUP BY operations.node ORDER BY min(due_at)
"""
