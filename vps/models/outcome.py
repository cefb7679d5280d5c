"""How an operation ended, or that it has not, as people count them: done, under way, failed, overtaken. For doors.

A forced stop that overtakes another operation fails it in the row, and fails nobody: it is counted apart.
"""

from django.db.models import Q
from django.utils.translation import pgettext_lazy

from vps.models.operation import Operation
from web.errors import Sentence

DONE, UNDER_WAY, FAILED, OVERTAKEN = "done", "under-way", "failed", "overtaken"
OVERTOOK = Q(error_code="superseded")
OUTCOMES: dict[str, tuple[Sentence, Q]] = {
    DONE: (pgettext_lazy("operations", "done"), Q(state=Operation.State.SUCCEEDED)),
    UNDER_WAY: (pgettext_lazy("operations", "under way"), Q(state__in=Operation.OPEN)),
    FAILED: (pgettext_lazy("operations", "failed"), Q(state=Operation.State.FAILED) & ~OVERTOOK),
    OVERTAKEN: (pgettext_lazy("operations", "overtaken by force"), Q(state=Operation.State.FAILED) & OVERTOOK),
}
