"""Which guest is which VPS.

* `bind`: binds and unbinds, one transaction each; staff call it from the admin, `by_name` for a name.
* `by_name`: binds new servers to the guests that bear their names, where that is sure. A worker calls it.
* `identify`: asks bound guests who they are, and takes their marks. Workers call it.
"""

from vps.services.binding.bind import bind, objections, suggestions, unbind
from vps.services.binding.by_name import bind_by_name
from vps.services.binding.identify import identify, identify_rest

__all__ = ["bind", "bind_by_name", "identify", "identify_rest", "objections", "suggestions", "unbind"]
