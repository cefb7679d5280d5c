"""Which guest is which VPS. Staff bind by hand (admin); workers bind by name and take identities."""

from vps.services.binding.bind import bind, objections, suggestions, unbind
from vps.services.binding.by_name import bind_by_name
from vps.services.binding.identify import identify, identify_rest

__all__ = ["bind", "bind_by_name", "identify", "identify_rest", "objections", "suggestions", "unbind"]
