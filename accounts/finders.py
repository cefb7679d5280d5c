"""By what people are found without reading all of them: for the lists of the staff."""

from django.db.models import Q
from django.db.models.lookups import StartsWith

from accounts.models import User
from accounts.models.user import BY_EMAIL, BY_USERNAME
from web.integers import INT_MAX

# Whoever means one of more than so many writes more of the name.
PEOPLE = 50


def people(word: str) -> list[Q]:
    """By the beginning of a username or an e-mail address, by the id, and by the main site's."""
    names = [Q(StartsWith(order, word.lower())) for order in (BY_USERNAME, BY_EMAIL)]
    return [*names, Q(external_id=word), *of_id(word)]


def of_id(word: str) -> list[Q]:
    return [Q(pk=int(word))] if word.isascii() and word.isdigit() and int(word) <= INT_MAX else []


def ids_of_people(word: str) -> list[int]:
    """Of PEOPLE for each way to find one, at most."""
    first, *rest = (User.objects.filter(condition).values_list("pk")[:PEOPLE] for condition in people(word))
    return sorted(row[0] for row in first.union(*rest))
