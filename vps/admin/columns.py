"""What several of the staff's lists show in a column: for the admins beside it."""

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from vps.models import Vps


def state_pill(vps: Vps) -> SafeString:
    """What may honestly be said of a server's state, as its owner's pages say it. Of rows that come `with_state` it costs
    no query."""
    return render_to_string("vps/_state.html", {"vps": vps})
