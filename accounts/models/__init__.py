"""The nouns, one a file: who there is, and what they were answered."""

from accounts.models.kept_answer import KeptAnswer
from accounts.models.user import PanelUserManager, User

__all__ = ["KeptAnswer", "PanelUserManager", "User"]
