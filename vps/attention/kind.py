"""What a kind of trouble is. For the files beside it; ?attention=<key> of the admin's lists shows its rows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Model, QuerySet, Value

from web.errors import Sentence


def as_it_is(label: str, detail: str) -> str:
    """Both as the row has them: main, Connection refused."""
    return ": ".join(filter(None, (label, detail)))


@dataclass(frozen=True)
class Kind:
    """Rows of one model that need a hand: whoever may look at the model is told of them.

    `rows` is the one truth for their number and for the list behind it. `label` and `detail` are what is told of a row,
    and `wording` puts both into words; of a kind that is `grouped`, rows that share them are told together, with their number.
    `since` is since when a row is in trouble. `title` is of ngettext, where one and many are named differently.
    """

    key: str
    model: type[Model]
    title: Sentence
    rows: Callable[[], "QuerySet[Any]"]
    since: Any
    label: Any
    icon: str
    detail: Any = field(default_factory=lambda: Value(""))
    wording: Callable[[str, str], Any] = as_it_is
    number: Any = field(default_factory=lambda: Count("pk"))
    is_grouped: bool = False
    # What keeps customers from their servers, or the main site from us; the rest can wait for an hour.
    is_bad: bool = True

    @property
    def chosen(self) -> "QuerySet[Any]":
        """Its rows, of a QuerySet that knows nothing but them: it can be grouped, joined and united with others."""
        every: QuerySet[Any] = self.model._default_manager.order_by()
        return every.filter(pk__in=self.rows().order_by().values("pk"))
