"""``imi-central demo``: make a demo Europe where there is none yet, and serve it on this machine."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from imi_central.errors import CommandError
from imi_central.settings import PREFIX, Settings, default_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imi_central.store import Store

MAX_CASES = 1_000_000
TOKEN_LIFE = dt.timedelta(days=30)
FOCUS = {
    "fr-dreets-ara_pw": 0.4,
    "de-fks-rosenheim_pw": 0.15,
    "at-aerztekammer_pq": 0.12,
    "el-isa_pq": 0.1,
    "at-aerztekammer_pr": 0.03,
    "el-isa_pr": 0.03,
}
"""Share of the cases in which each demo seat's desk takes part."""
_MADE = "demo.json"
_CONTENT = 2
"""Rises when a demo gets what one that was made before lacks: it is made anew then."""


def main(arguments: Sequence[str]) -> int:
    """Run the command; the exit status."""
    options = _parser().parse_args(arguments)
    if not 1 <= options.cases <= MAX_CASES:
        raise CommandError(f"--cases: {options.cases} is not allowed; allowed: 1 to {MAX_CASES}")
    data = Path(options.data).absolute() if options.data else default_data(os.environ).with_name("imi-central-demo")
    # A real service, where somebody has one at hand; the demo has none of its own.
    translator, name = (os.environ.get(f"{PREFIX}TRANSLATOR{part}", "") for part in ("", "_NAME"))
    settings = Settings(
        data=data,
        port=options.port,
        device_grant="on",
        translator=translator,
        translator_name=name or Settings.translator_name,
    )
    from imi_central.commands import database_errors

    with database_errors(settings):
        anew = _remove_other(settings)
        _say(make(settings, options.cases, options.seed))
        if options.make_only:
            return 0
        tokens = _tokens(settings)

    def ready(url: str) -> None:
        _say(f"The demo server listens at {url}. Everything in it is invented; its data is in {settings.data}.")
        if options.ready_fd is not None:
            with os.fdopen(options.ready_fd, "w", encoding="utf-8") as waiting:
                waiting.write(json.dumps({"url": url, "pid": os.getpid(), "tokens": tokens, "anew": anew}) + "\n")

    from imi_central import serve as serving

    serving.serve(settings, ready, stop_when_idle=options.stop_when_idle * 60)
    return 0


def _remove_other(settings: Settings) -> bool:
    """Remove a demo that another build of the program made; whether there was one. Everything in it is invented."""
    marker = settings.data / _MADE
    if not marker.exists() or _build().items() <= json.loads(marker.read_text("utf-8")).items():
        return False
    _say(f"The demo in {settings.data} is of another build of the program and is made anew.")
    # The marker last: a demo that was half removed is still known as one.
    for path in (*settings.data.glob("central.db*"), marker):
        path.unlink(missing_ok=True)
    return True


def make(settings: Settings, cases: int, seed: int, now: dt.datetime | None = None) -> str:
    """Fill the database with the demo, unless it was made before; a sentence that says which."""
    from imi_central import catalogue
    from imi_central.database import open_store
    from imi_central.demo import europe as demo
    from imi_central.demo.cases import Plan, generate
    from imi_central.demo.colleagues import Assigning, colleagues
    from imi_central.demo.translating import Translating

    marker = settings.data / _MADE
    if marker.exists():
        made = json.loads(marker.read_text("utf-8"))
        return f"The demo is there already: {made['cases']} cases."
    if (settings.data / "central.db").exists():
        raise CommandError(
            f"--data: {settings.data} holds a database that is no finished demo; name another folder or delete it"
        )
    europe, rules = demo.load(), catalogue.load(settings.modules)
    store = open_store(settings)
    try:
        store.put_procedures(rules)
        store.put_authorities(europe.authorities)
        officers = demo.officers()
        for officer in (*officers, *colleagues(europe, officers)):
            store.put_officer(officer, username=officer.id.removeprefix("demo-"))
        moment = now or dt.datetime.now(dt.UTC).replace(microsecond=0)
        assigning = Assigning(europe, officers, seed)
        plan = Plan(number=cases, now=moment, focus=FOCUS, seed=seed)
        translating = Translating(europe, officers, seed, moment)
        store.load_cases(assigning.passing(generate(europe, rules, plan, translating.told)))
        store.load_assignments(assigning.made())
        store.load_translations(translating.made())
        _passwords(store)
    finally:
        store.close()
    marker.write_text(json.dumps({"cases": cases, "seed": seed, "now": moment.isoformat(), **_build()}), "utf-8")
    return f"The demo is made: {len(europe.authorities)} authorities of 30 countries, {cases} cases."


def _build() -> dict[str, object]:
    """What of the program a demo depends on that is kept."""
    from imi_central.store.migrate import tables_id

    return {"tables": tables_id(), "content": _CONTENT}


def _passwords(store: Store) -> None:
    """A password for the sign-in page, the same for every demo seat; it protects nothing but invented cases."""
    from imi_central.demo.europe import DEMO_SEATS
    from imi_central.identity.passwords import hash_password
    from imi_central.store.identity import Sessions

    hashed = hash_password("demo of the internal market")
    for login in DEMO_SEATS:
        Sessions(store).set_password(f"demo-{login}", hashed)


def _tokens(settings: Settings) -> dict[str, str]:
    """A fresh token for every demo seat, so that a client opens signed in."""
    from imi_central.database import open_store
    from imi_central.demo.europe import DEMO_SEATS
    from imi_central.store.identity import Sessions

    store = open_store(settings)
    try:
        tokens = {login: secrets.token_urlsafe(32) for login in DEMO_SEATS}
        for login, value in tokens.items():
            Sessions(store).script_token(f"demo-{login}", value, TOKEN_LIFE)
    finally:
        store.close()
    return tokens


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="imi-central demo", description=__doc__)
    parser.add_argument("--data", metavar="DIR", help="where the demo's database is kept")
    parser.add_argument("--cases", type=int, default=600, metavar="N", help=f"cases to make, up to {MAX_CASES}")
    parser.add_argument("--seed", type=int, default=20260101, metavar="N", help="another seed makes other cases")
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument(
        "--ready-fd", type=int, metavar="N", help="write url, pid and tokens as JSON to this descriptor"
    )
    parser.add_argument("--stop-when-idle", type=float, default=0, metavar="MINUTES", help="stop after so long unused")
    parser.add_argument("--make-only", action="store_true", help="make the database and stop")
    return parser


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
