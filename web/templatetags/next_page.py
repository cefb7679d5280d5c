"""Where a form leads back to: for templates."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from web import next_page

register = template.Library()


def back_to(context: Any) -> str:
    """A view that gives an open page another address by its answer says in `here` which one."""
    return context.get("here") or next_page.here(context["request"])


@register.simple_tag(takes_context=True)
def next_field(context: Any) -> SafeString:
    """For a form: it comes back to the page that it stands on."""
    return format_html('<input type="hidden" name="next" value="{}">', back_to(context))
