"""``python -m imi_central.catalogue``: write the template that translations of the procedures start from."""

from __future__ import annotations

from imi_central.catalogue import load, translations

if __name__ == "__main__":
    (translations.LOCALES / f"{translations.DOMAIN}.pot").write_text(translations.template(load()), "utf-8")
