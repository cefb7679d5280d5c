"""The bare reference behind the panel's own bridge, so that what differs is the application. uvicorn serves it.

The bridge knows the main site's key, for which Django is set up; no request meets it.
"""

import os

from psycopg_pool import ConnectionPool

from benchmarks.bare.application import OPENED, Bare
from benchmarks.bare.callers import Callers
from ospab_panel.wsgi import application as panel

from ospab_panel.server.wsgi_bridge import WsgiBridge  # isort: skip

assert panel
THREADS = 8
pool = ConnectionPool(os.environ["DATABASE_URL"], min_size=1, max_size=THREADS, kwargs=OPENED, open=True)
application = WsgiBridge(Bare(pool, Callers(os.environ["VPS_SYNC_API_KEY"], os.environ["JWT_SIGNING_KEY"])), THREADS)
