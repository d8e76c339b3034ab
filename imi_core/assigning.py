"""Who at a desk looks after a case: the desk's own matter, beside the case and no part of what is exchanged.

Modelled: in IMI itself an authority may switch allocation on, and an allocator then gives requests to *request
handlers*, who alone see the content. Here it is a note among colleagues. It hides nothing, changes no state, is never
told to another desk, and whoever handles cases may take one or give it away.
"""

from __future__ import annotations

from imi_core.errors import ActionRefused
from imi_core.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from imi_core.authority import Role, Seat
    from imi_core.case import Assignment, Case

ASSIGNS: frozenset[Role] = frozenset(("handler", "allocator"))
"""Who may say who looks after a case; any of these roles is enough."""
HANDLES: Role = "handler"
"""What whoever looks after a case has to be at the desk."""


def may_assign(roles: Collection[str]) -> bool:
    """Whether an officer with these roles at a desk may assign its cases."""
    return not ASSIGNS.isdisjoint(roles)


def may_handle(roles: Collection[str], *, active: bool = True) -> bool:
    """Whether cases of a desk may be given to an officer with these roles there."""
    return active and HANDLES in roles


def check(
    seat: Seat,
    officer: str,
    colleague: Collection[str] | None,
    now: Assignment | None,
    based_on: int,
    own: Collection[int] = (),
) -> None:
    """Raise `ActionRefused` unless `seat` may give a case it sees to `officer` ("" for nobody).

    `colleague` are that officer's roles at the desk, None where there is no such active officer. `now` is how the case
    is assigned, `based_on` the version of that which the author saw; `own` versions that the author made beside it.
    """
    if not may_assign(seat.roles):
        raise ActionRefused("forbidden", "assigning a case needs the role handler or allocator at this desk")
    if officer and (colleague is None or not may_handle(colleague)):
        raise ActionRefused("badTarget", "cases are given to an officer who is a handler at this desk")
    if now is not None and now.officer != officer and now.version > based_on and now.version not in own:
        raise ActionRefused("stale", "somebody else has assigned the case meanwhile")


def assigned(case: Case, assignment: Assignment | None) -> Case:
    """`case` as the officers of a desk see it: with who looks after it there. Nothing else of it changes."""
    # Who only asks for rights at the start of the client loads nothing of the wire.
    from msgspec.structs import replace

    return replace(case, assignment=assignment)
