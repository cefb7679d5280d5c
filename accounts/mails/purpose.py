"""The shape of a purpose: all that the rest of accounts.mails needs to know of one kind of mail. purposes/ has one a file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from accounts.models import Mail
from web.errors import Sentence


@dataclass(frozen=True)
class Written:
    """Where it goes, and what its sentences name: `login`, and whatever else stands in them as %(name)s.

    A datetime is shown as a time with its zone. A purpose with a `button` gives `url`, an address in full, and `until`, a
    datetime.
    """

    to: str
    context: Mapping[str, Any] = field(default_factory=dict)


class Purpose:
    """`name` is its word in the table, and unique.

    The sentences, in their order: `subject` and `title`; `intro` says what it is about; `lead` stands before the address in
    the text, where there is a `button`; `once` says how long the link works; then `not_you` with `advice`, `asked`, which
    says where from, and `repeats`, where staff have an address to be written to.

    After `lifetime` it is not tried any more.
    """

    name: ClassVar[str]
    subject: ClassVar[Sentence]
    title: ClassVar[Sentence]
    intro: ClassVar[Sentence]
    lead: ClassVar[Sentence] = ""
    button: ClassVar[Sentence] = ""
    once: ClassVar[Sentence] = _("The link works once, until %(until)s.")
    not_you: ClassVar[Sentence] = _("Not you?")
    advice: ClassVar[Sentence]
    asked: ClassVar[Sentence] = _("It was requested %(facts)s.")
    repeats: ClassVar[Sentence] = _("If such mails keep coming, write to %(support)s.")
    lifetime: ClassVar[timedelta] = timedelta(hours=24)

    def write(self, mail: Mail) -> Written | None:
        """Called by a worker in a transaction of its own, at each try anew. None: nothing is to be sent.

        Whose a login turns out to be is saved as the mail's `user`.
        """
        raise NotImplementedError
