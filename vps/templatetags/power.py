"""Which of a server's power buttons stand with their words and which in its menu, and what else leads on: for templates."""

from django import template

from vps.models import Vps
from vps.models.shown import NOT_CONNECTED
from vps.operations.verb import Verb

register = template.Library()

# What a customer can do nothing about here.
FOR_SUPPORT = {NOT_CONNECTED, Vps.Status.SUSPENDED, Vps.Status.ERROR}


@register.filter
def labelled(offered: list[Verb]) -> list[Verb]:
    """All but the harsh ones; where these alone are offered, they are the way out."""
    return [verb for verb in offered if not verb.is_harsh] or offered


@register.filter
def in_menu(offered: list[Verb]) -> list[Verb]:
    return [verb for verb in offered if verb not in labelled(offered)]


@register.filter
def is_for_support(vps: Vps) -> bool:
    return vps.shown.word in FOR_SUPPORT
