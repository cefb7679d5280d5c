"""What ails a cluster that answers, in sentences for staff: a list that is not believed, and what its token may not do."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from web.errors import Sentence

NO_RIGHTS, NOT_STATED, COLLAPSED = "no_rights", "not_told", "collapsed"
# By `why` of a doubt.
DOUBTS: dict[str, Sentence] = {
    NO_RIGHTS: _("Its token may not see them: VM.Audit is missing."),
    NOT_STATED: _("Rights of the token? The cluster does not say."),
    COLLAPSED: _("They have left the list all at once, though the token may see them."),
}
# By `need` of a lack: what will not work.
CONSEQUENCES: dict[str, Sentence] = {
    "see": _("they are not seen at all, and their servers are shown as unknown"),
    "command": _("they cannot be started, stopped or rebooted"),
    "addresses": _("the addresses of virtual machines are not learnt from them"),
}


def doubt_of(cluster: Any) -> str:
    """Why its list is not believed, or ''."""
    doubt = cluster.doubt
    if not doubt:
        return ""
    numbers = {"unseen": doubt["unseen"], "bound": doubt["bound"]}
    if doubt["unseen"] == doubt["bound"]:
        what = ngettext(
            "It lists none of its %(bound)s guest.", "It lists none of its %(bound)s guests.", doubt["bound"]
        )
    else:
        what = ngettext(
            "It does not list %(unseen)s of its %(bound)s guest.",
            "It does not list %(unseen)s of its %(bound)s guests.",
            doubt["bound"],
        )
    return f"{what % numbers} {DOUBTS[doubt['why']]}"


def lacks_of(cluster: Any) -> list[str]:
    """What its token lacks, and what does not work without it."""
    return [lack_in_words(lack) for lack in cluster.lacking or []]


def lack_in_words(lack: dict[str, Any]) -> str:
    numbers = {"privilege": lack["privilege"], "count": lack["guests"], "of": lack["of"]}
    if lack["guests"]:
        where = ngettext(
            "%(privilege)s on %(count)s of %(of)s guest", "%(privilege)s on %(count)s of %(of)s guests", lack["of"]
        )
    else:
        where = "%(privilege)s"
    return f"{where % numbers}: {CONSEQUENCES[lack['need']]}."


def troubles_of(cluster: Any) -> list[str]:
    return [sentence for sentence in (doubt_of(cluster), *lacks_of(cluster)) if sentence]
