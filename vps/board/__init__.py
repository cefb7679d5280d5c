"""The staff's first page: what needs a hand, and how operations, clusters, the main site and webhooks do now.

* `section`: what a section is, and drawings and links that sections share; `sections`: the table of all.
* `attention`, `operations`, `clusters`, `main_site`, `webhooks`: the sections, one a file; each has its template in
  templates/admin/board/ and costs two queries at most, and one of statistics where a cluster has very many servers.
"""

from vps.board.sections import Shown, sections_for

__all__ = ["Shown", "sections_for"]
