"""The nouns, one a file: who there is, how they are let in, how often they may try, and what they were answered."""

from accounts.models.kept_answer import KeptAnswer
from accounts.models.known_network import KnownNetwork
from accounts.models.limit_count import LimitCount
from accounts.models.login_link import LoginLink
from accounts.models.token_family import TokenFamily
from accounts.models.user import PanelUserManager, User

__all__ = ["KeptAnswer", "KnownNetwork", "LimitCount", "LoginLink", "PanelUserManager", "TokenFamily", "User"]
