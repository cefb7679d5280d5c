"""Runs one block after another, each a program; the first failure ends it. See tests/docs/shells.py."""

import json
import os
import runpy
import sys

for line in sys.stdin:
    job = json.loads(line)
    os.environ.update(job["env"])
    sys.path[0] = os.path.dirname(job["path"])
    runpy.run_path(job["path"], run_name="__main__")
    sys.stdout.write("\x1e\n")
    sys.stdout.flush()
