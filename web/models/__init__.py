"""What was answered under a key, and how often something was tried: tables that know callers by name alone."""

from web.models.kept_answer import KeptAnswer
from web.models.limit_count import LimitCount

__all__ = ["KeptAnswer", "LimitCount"]
