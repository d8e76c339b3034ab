"""``python -m catalogues``: extract, update, check and compile the catalogues; one step alone by its name.

``extract`` writes the templates and the English catalogues, ``update`` carries texts into the other languages,
``compile`` writes the ``.mo`` files, ``check locales/de`` (a folder or a file) says what is wrong with a translation.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from catalogues import files

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalogues.findings import Finding

STEPS = ("extract", "update", "check", "compile")


def main(arguments: list[str]) -> int:
    """Run the steps; the exit status is 1 where the check finds something and 2 for wrong use."""
    step, given = (arguments[0], arguments[1:]) if arguments else ("", [])
    if step not in ("", *STEPS) or (given and step != "check"):
        sys.stderr.write(f"usage: python -m catalogues [{' | '.join(STEPS)} [path ...]]\n")
        return 2
    if step in ("", "extract"):
        files.extract()
    if step in ("", "update"):
        files.update()
    status = 0
    if step in ("", "check"):
        from catalogues.checking import check

        try:
            status = _told(check([Path(each) for each in given]) if given else check())
        except (FileNotFoundError, ValueError) as error:
            sys.stderr.write(f"{error}\n")
            return 2
    if step in ("", "compile"):
        left_out = files.compile_all()
        if step:
            _told(left_out)
    return status


def _told(found: Iterable[Finding]) -> int:
    """Print findings, with their number at the end; 1 where there are any."""
    count = 0
    for each in found:
        count += 1
        print(each)
    if count:
        print(f"{count} {'finding' if count == 1 else 'findings'}")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
