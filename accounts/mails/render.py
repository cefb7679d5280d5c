"""One mail as it is sent: subject, HTML and text, and its headers. For `send`, in the mail's language.

The sentences are the purpose's. What they name is put into them here: escaped in HTML, and as it is in the text.
"""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from accounts.mails import facts
from accounts.mails.moments import time_of_day
from accounts.mails.purpose import Purpose, Written
from accounts.models import Mail

WIDTH = 72
BRAND = "ospab.host"
HTML = "mail/mail.html"


@dataclass(frozen=True)
class Words:
    """The sentences of one mail, by the names that they have in a purpose."""

    purpose: Purpose
    context: Mapping[str, Any]

    def text(self, name: str) -> str:
        return str(getattr(self.purpose, name)) % {key: in_text(value) for key, value in self.context.items()}

    def html(self, name: str) -> SafeString:
        """What somebody has typed stands out, and is theirs: no markup of it counts."""
        sentence = escape(getattr(self.purpose, name))
        strong = {key: in_html(value, is_strong=name == "intro") for key, value in self.context.items()}
        return mark_safe(sentence % strong)  # noqa: S308  both are escaped


def message_of(mail: Mail, purpose: Purpose, written: Written) -> EmailMultiAlternatives:
    words = Words(purpose, {**written.context, "facts": facts.in_words(mail), "support": settings.SUPPORT_EMAIL})
    message = EmailMultiAlternatives(
        subject=str(purpose.subject),
        body=text_of(words),
        from_email=settings.MAIL_FROM,
        to=[written.to],
        reply_to=[settings.SUPPORT_EMAIL] if settings.SUPPORT_EMAIL else None,
        headers={"Auto-Submitted": "auto-generated", "Message-ID": id_of(mail, purpose)},
    )
    message.attach_alternative(html_of(words), "text/html")
    return message


def id_of(mail: Mail, purpose: Purpose) -> str:
    """Of our host. A copy of the same text has the same id, by which its receiver may know it; a new link is another mail."""
    part = f"{mail.purpose}.{mail.pk}" + (f".{mail.tries}" if purpose.button else "")
    return f"<{part}.{mail.created_at:%Y%m%d%H%M%S%f}@{settings.PANEL_HOST}>"


def text_of(words: Words) -> str:
    purpose, url = words.purpose, str(words.context.get("url", ""))
    link = [words.text("lead"), url, words.text("once")] if purpose.button else []
    caution = " ".join([words.text("not_you"), words.text("advice"), words.text("asked"), *repeats(words)])
    paragraphs = [_("Hello."), words.text("intro"), *link, caution]
    footer = f"-- \n{BRAND}\n{_('A service mail: you cannot unsubscribe from it.')}\n"
    return "\n\n".join([*(one if one == url else wrapped(one) for one in paragraphs), footer])


def repeats(words: Words) -> list[str]:
    return [words.text("repeats")] if settings.SUPPORT_EMAIL else []


def wrapped(paragraph: str) -> str:
    return textwrap.fill(paragraph, WIDTH, break_long_words=False, break_on_hyphens=False)


def html_of(words: Words) -> str:
    names = ("title", "intro", "not_you", "advice", "asked")
    shown: dict[str, Any] = {name: words.html(name) for name in names}
    if words.purpose.button:
        shown |= {"button": words.html("button"), "once": words.html("once"), "url": words.context["url"]}
    shown["repeats"] = words.html("repeats") if settings.SUPPORT_EMAIL else ""
    return render_to_string(HTML, shown)


def in_text(value: Any) -> str:
    return time_of_day(value) if isinstance(value, datetime) else str(value)


def in_html(value: Any, *, is_strong: bool) -> SafeString:
    if is_strong and isinstance(value, str):
        return format_html("<strong>{}</strong>", value)
    return SafeString(escape(in_text(value)))
