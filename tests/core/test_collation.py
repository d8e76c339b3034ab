"""Names stand where somebody who learned the alphabet of a language looks for them."""

from __future__ import annotations

import random

import pytest

from imi_core.collation import ALPHABETS, _tailored, sort_key
from imi_core.languages import NAMES

ORDERS = {
    "bg": "Австрия Ирландия Италия Йордания Чехия Швеция Юта Ямайка Germany Ελλάδα",
    "cs": "Cypr Česko Dánsko Francie Hradec Chomutov Chorvatsko Irsko Řecko Slovensko Španělsko Zlín Žilina",
    "da": "Danmark Ærø Østrig Aabenraa Aarhus Århus",
    "de": "Aachen Äthiopien Bonn Österreich Polen Ungarn",
    "el": "Άγιος Αθήνα Βέλγιο Όλυμπος Ρόδος Ωρίων Athens София",
    "en": "Austria Belgium Česko Denmark Ireland Öland Poland",
    "es": "Nantes Nuevo Ñuble Oviedo",
    "et": "Saksamaa Šveits Zagreb Žilina Taani Ungari Viin Õru Äksi Ööbik Ülemiste Xanten York",
    "fi": "Tanska Viro Zürich Åbo Ähtäri Öja",
    "fr": "Allemagne Danemark Écosse Espagne Europe Irlande",
    "ga": "Ard Áth Baile Éire Gaillimh",
    "hr": "Cetina Čakovec Ćuprija Danska Džep Đakovo Luka Ljubljana Nizozemska Njemačka Split Šibenik Zadar Žumberak",
    "hu": "Ciprus Csehország Dánia Dzeta Dzsungel Görögország Gyula Luxemburg Lyon Nagy Nyíregyháza Óbuda "
    "Olaszország Osztrák Örkény Spanyol Szlovákia Tata Tyúk Zala Zsolna",
    "it": "Àncora Austria Città Èboli Italia",
    "lt": "Cipras Čekija Danija Ylakiai Ispanija Italija Jonava Suomija Šiauliai Zarasai Žagarė",
    "lv": "Cēsis Čehija Grieķija Ģertrūde Kuldīga Ķemeri Liepāja Ļaudona Nīca Ņujorka Somija Šveice Zviedrija Žagare",
    "mt": "Bulgarija Ċipru Danimarka Franza Ġermanja Greċja Għawdex Hamrun Ħaż-Żebbuġ Italja Żejtun Zurrieq",
    "nl": "België Curaçao Duitsland Éire Finland",
    "pl": "Austria Ązów Belgia Cypr Ćmielów Litwa Łódź Malta Opole Ósmy Polska Szwecja Świdnica Zamość Źródło Żary",
    "pt": "Áustria Bélgica Évora França Ílhavo Itália",
    "ro": "Austria Ăsta Âla Belgia Italia Înalt Suedia Șibot Turcia Țara",
    "sk": "Anton Ázia Äpfel Cyprus Česko Hlohovec Chorvátsko Írsko Olomouc Ôsmy Poľsko Slovensko Šaľa Zvolen Žilina",
    "sl": "Ciper Češka Ćosić Danska Đakovo Estonija Slovenija Španija Zagreb Žalec",
    "sv": "Danmark Tyskland Ünlü Yster Zürich Åland Älvsborg Österrike",
}


@pytest.mark.parametrize("language", NAMES)
def test_names_stand_in_the_order_of_the_alphabet(language: str) -> None:
    expected = ORDERS[language].split()
    mixed = random.Random(language).sample(expected, len(expected))
    assert sorted(mixed, key=lambda name: sort_key(name, language)) == expected


@pytest.mark.parametrize("language", NAMES)
def test_capitals_and_marks_decide_only_where_letters_agree(language: str) -> None:
    assert sort_key("abc", language)[0] == sort_key("ABC", language)[0]
    assert sort_key("Résumé", language)[0] == sort_key("resume", language)[0]
    assert sorted(["a b", "ab", "a-b", "1", "a"], key=lambda name: sort_key(name, language)) == [
        "1",
        "a",
        "a b",
        "a-b",
        "ab",
    ]


def test_fifteen_alphabets_are_whole() -> None:
    assert len(ALPHABETS) == 15
    for language, alphabet in ALPHABETS.items():
        letters = alphabet.split()
        assert len(letters) == len(set(letters)), language
        assert set("abcdefghijklmnopqrstuvwxz") <= set(letters), language


@pytest.mark.parametrize("language", NAMES)
def test_any_text_has_a_key(language: str) -> None:
    for text in ("", "İstanbul", "東京", "\ud800", "ﬁ", "Москва", "ß", "Æ"):
        assert sort_key(text, language)[1] == sort_key(text, language)[1]
    assert sort_key("Москва", language) > sort_key("Zürich", language) or language == "bg"


@pytest.mark.parametrize("language", ["", "fr", "el", "sv", "bg"])
def test_a_key_does_not_depend_on_what_was_asked_before(language: str) -> None:
    texts = [
        "Υπουργείο Εργασίας",
        "υ",
        "ι ο",
        "Йод",
        "и",
        "Žižkov",
        "½ ² ⅷ",
        "2 1",
        "＼",
        "Ǆ",
        "ﬁ",
        "ก็",
        "İ",
        "\u0301",
        "Ạ̈",
    ]
    keys = []
    for order in (texts, texts[::-1]):
        _tailored.cache_clear()
        keys.append({text: sort_key(text, language) for text in order})
    assert keys[0] == keys[1]
    _tailored.cache_clear()
    assert sort_key("Υπουργείο", "fr")[0] == "υπουργειο"
