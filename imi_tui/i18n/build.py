"""``python -m imi_tui.i18n.build``: the catalogues are made by ``python -m catalogues``."""

from __future__ import annotations

import sys

from catalogues.__main__ import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
