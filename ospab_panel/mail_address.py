"""By which SMTP host mails go out, and in whose name, refused where that is not safe. For settings.py.

Nothing given: the panel sends no mail. What is given by halves refuses to start.
"""

from dataclasses import dataclass
from email.headerregistry import Address
from email.utils import getaddresses

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

from ospab_panel.environment import number, text
from ospab_panel.own_address import LOOPBACK, is_host, is_ip

PORTS = {"starttls": 587, "tls": 465, "none": 25}


@dataclass(frozen=True)
class SmtpHost:
    """`host` is empty where there is none. `security` is how the connection is encrypted: a word of PORTS."""

    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    security: str = "starttls"


def smtp_host() -> SmtpHost:
    """The certificate is always checked. In the clear nothing leaves this machine, and no password is said."""
    host, user, password = (text(name, "").strip() for name in ("SMTP_HOST", "SMTP_USER", "SMTP_PASSWORD"))
    if not host:
        refuse_halves(user or password)
        return SmtpHost()
    host, security = host.lower(), text("SMTP_SECURITY", "starttls").lower()
    if not (is_host(host) or is_ip(host)):
        raise ImproperlyConfigured("SMTP_HOST is a host's name alone, such as smtp.example.com: no scheme, no port.")
    if security not in PORTS:
        raise ImproperlyConfigured(f"SMTP_SECURITY is starttls, tls or none: {security!r} is none of them.")
    if security == "none" and host not in LOOPBACK:
        raise ImproperlyConfigured("SMTP_SECURITY may be none only where SMTP_HOST names this machine.")
    if bool(user) != bool(password):
        raise ImproperlyConfigured("SMTP_USER and SMTP_PASSWORD go together: one of them is missing.")
    if user and security == "none":
        raise ImproperlyConfigured("SMTP_PASSWORD is not sent in the clear: SMTP_SECURITY must be starttls or tls.")
    return SmtpHost(host, checked_port(PORTS[security]), user, password, security)


def refuse_halves(login: str) -> None:
    if login:
        raise ImproperlyConfigured("SMTP_HOST is missing: SMTP_USER and SMTP_PASSWORD are of no use without it.")


def checked_port(default: int) -> int:
    port = number("SMTP_PORT", default)
    if not 0 < port < 65536:
        raise ImproperlyConfigured(f"SMTP_PORT is a port from 1 to 65535: {port} is none.")
    return port


def sender(name: str, *, is_needed: bool, default: str) -> str:
    """An address with a name before it or without, such as ospab.host <no-reply@ospab.host>."""
    value = text(name, default)
    if not value and is_needed:
        raise ImproperlyConfigured(f"{name} is missing: mails need it beside SMTP_HOST.")
    if value and not is_needed and not default:
        raise ImproperlyConfigured(f"{name} is set and SMTP_HOST is not: no mail would be sent.")
    if not value:
        return ""
    found = getaddresses([value]) if value.isprintable() else []
    shown, address = found[0] if len(found) == 1 else ("", "")
    return str(Address(shown, addr_spec=checked_address(name, address)))


def mailbox(name: str, default: str) -> str:
    """One bare address, or nothing."""
    value = text(name, default)
    return checked_address(name, value) if value else ""


def checked_address(name: str, address: str) -> str:
    try:
        validate_email(address)
    except ValidationError as error:
        raise ImproperlyConfigured(f"{name} must be an e-mail address, such as no-reply@example.com.") from error
    if not address.isascii():
        raise ImproperlyConfigured(f"{name} must be of ASCII characters: a Russian host is written as xn--….")
    return address
