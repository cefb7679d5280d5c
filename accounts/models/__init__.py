"""The nouns, one a file: who there is, how they are let in, and what they were answered."""

from accounts.models.kept_answer import KeptAnswer
from accounts.models.login_link import LoginLink
from accounts.models.token_family import TokenFamily
from accounts.models.user import PanelUserManager, User

__all__ = ["KeptAnswer", "LoginLink", "PanelUserManager", "TokenFamily", "User"]
