"""The HTTP face of the server: session, method calls, upload and download, as `docs/protocol.md` says.

`build_routes` knows nothing of sign-in: it is given a coroutine that tells whose request it is.
"""

from imi_central.api.errors import Disabled, Problem, Unauthorized
from imi_central.api.routes import Authenticate, build_routes

__all__ = ["Authenticate", "Disabled", "Problem", "Unauthorized", "build_routes"]
