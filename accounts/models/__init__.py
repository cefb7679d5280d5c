"""The nouns, one a file: who there is, how they are let in, and what they are written."""

from accounts.models.known_network import KnownNetwork
from accounts.models.login_link import LoginLink
from accounts.models.mail import Mail
from accounts.models.mail_link import MailLink
from accounts.models.token_family import TokenFamily
from accounts.models.user import PanelUserManager, User

__all__ = ["KnownNetwork", "LoginLink", "Mail", "MailLink", "PanelUserManager", "TokenFamily", "User"]
