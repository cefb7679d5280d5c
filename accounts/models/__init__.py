"""The nouns, one a file: who there is, and how they are let in."""

from accounts.models.known_network import KnownNetwork
from accounts.models.login_link import LoginLink
from accounts.models.mail_link import MailLink
from accounts.models.token_family import TokenFamily
from accounts.models.user import PanelUserManager, User

__all__ = ["KnownNetwork", "LoginLink", "MailLink", "PanelUserManager", "TokenFamily", "User"]
