"""Commands end to end: real server, real cache, what they print and how they end."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import os
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from imi_central.store import Service
from imi_central.store import Store as Central
from imi_central.store.identity import Sessions
from imi_core.authority import Officer
from imi_core.case import Text
from imi_tui import commands, signin
from imi_tui.cache.storage.vault import open_vault
from imi_tui.cache.storage.wal_mark import CommitMark, noted
from imi_tui.cache.store import Store
from imi_tui.cli import TOKEN_VARIABLE
from imi_tui.commands import listing
from imi_tui.commands.common import CommandError, find_case
from imi_tui.export.mark import CLASSIFICATION
from imi_tui.profile import Profile
from imi_tui.signin import device
from imi_tui.viewmodel import rows
from tests.central.world import LYON, REQUEST, ROSENHEIM, accept, act, send
from tests.tui.cli.conftest import Run
from tests.tui.live import PASSWORD, in_background, person, submit


@pytest.fixture
def answers(tmp_path: Path) -> str:
    path = tmp_path / "request.json"
    path.write_text(json.dumps(REQUEST), encoding="utf-8")
    return str(path)


def test_sync_list_show(run: Run, central: Central, server: str, token: str) -> None:
    case = send(central)
    accept(central, case.case_id)
    synced = run("sync", "--server", server, token=token)
    assert (synced.code, synced.err) == (0, "")
    assert synced.out.startswith("Sent 0, refused 0, waiting 0; fetched ")
    listed = run("list", "--view", "all", "--json").json
    assert (listed["view"], listed["total"]) == ("all", 1)
    [row] = listed["cases"]
    assert set(row) == {
        *("desk", "id", "reference", "procedure", "state", "subject", "country", "counterpart", "due", "activity"),
        *(
            "level",
            "turnMine",
            "unread",
            "pending",
            "rejected",
            "files",
            "tags",
            "noted",
            "until",
            "handler",
            "handlerName",
        ),
    }
    plain = run("list", "--view", "all")
    assert row["reference"] in plain.out
    assert "Hauptzollamt Rosenheim" in plain.out
    shown = run("show", row["reference"])
    assert "Requesting authority: " in shown.out
    assert shown.code == 0
    assert "Accept" in shown.out
    assert "Alpbau GmbH" in shown.out
    detail = run("show", row["id"], "--json").json
    assert set(detail) == {
        "desk",
        "id",
        "case",
        "entries",
        "pending",
        "actions",
        "related",
        "handler",
        "translations",
        "own",
    }
    assert [entry["action"] for entry in detail["entries"]] == ["send", "accept"]


def test_the_list_says_when_it_is_not_whole(run: Run, central: Central, server: str, token: str) -> None:
    for _ in range(3):
        send(central)
    run("sync", "--server", server, token=token)
    short = run("list", "--view", "all", "--limit", "2")
    assert len(short.out.splitlines()) == 2
    assert "2 of 3" in short.err
    for group, heading in (("country", "DE  Germany: 3 cases"), ("area", "Posting of workers: 3 cases")):
        printed = run("list", "--view", "all", "--limit", "2", "--group", group).out.splitlines()
        assert (len(printed), printed[0]) == (3, heading)
    for limit in ("0", "-3", "10001"):
        refused = run("list", "--view", "all", "--limit", limit)
        assert (refused.code, refused.out) == (commands.USAGE, "")
        assert "--limit has to be from 1 to 10000." in refused.err
    [first, second] = run("list", "--search", "is:open", "--group", "state", "--limit", "2", "--json").json["cases"]
    assert (first["group"], first["groupCases"]) == (second["group"], 2)


def test_new_is_sent_and_says_so(run: Run, central: Central, server: str, token: str, answers: str) -> None:
    run("sync", "--server", server, token=token)
    made = run("new", "pw.info", "--to", ROSENHEIM, "--answers", answers, "--server", server, token=token)
    assert made.code == 0
    assert re.fullmatch(r"sent PW-\d\d-\d{6}\n", made.out)
    with central.view("lyon") as view:
        [case] = view.cases(LYON, None, 10)
    assert case.reference == made.out.split()[1]
    again = run(
        *("new", "pw.info", "--to", "de-zoll-muenchen", "--answers", answers, "--server", server, "--json"), token=token
    ).json
    assert (again["state"], again["problem"], again["error"]) == ("sent", "", None)


def test_new_waits_without_a_line_and_says_so(
    run: Run, central: Central, server: str, token: str, answers: str
) -> None:
    run("sync", "--server", server, token=token)
    nowhere = ("--server", "http://127.0.0.1:9")
    made = run("new", "pw.info", "--to", ROSENHEIM, "--answers", answers, *nowhere, token=token)
    assert (made.code, made.out) == (0, "queued\n")
    assert "kept on this machine" in made.err
    assert "cannot be reached" in made.err
    [item] = run("outbox", "--json").json["outbox"]
    assert (item["state"], item["action"]) == ("queued", "send")
    assert "waits" in run("outbox").out
    assert run("sync", *nowhere, token=token).code == commands.OFFLINE
    assert run("sync", "--server", server, token=token).out.startswith("Sent 1,")
    assert run("outbox").err.strip() == "Nothing waits to be sent."


def test_no_sync_only_queues(run: Run, central: Central, server: str, token: str, answers: str) -> None:
    run("sync", "--server", server, token=token)
    made = run("new", "pw.info", "--to", ROSENHEIM, "--answers", answers, "--no-sync", "--server", server, token=token)
    assert made.out == "queued\n"
    with central.view("lyon") as view:
        assert view.cases(LYON, None, 10) == []


def test_answers_in_toml_and_wrong_ones(run: Run, server: str, token: str, central: Central, tmp_path: Path) -> None:
    run("sync", "--server", server, token=token)
    file = tmp_path / "request.toml"
    file.write_text(
        'subject = "S"\ncompany = "C"\nworkers = "W"\njustification = "J"\nquestions = ["EST-01"]\n'
        "period_from = 2026-03-05\n",
        encoding="utf-8",
    )
    made = run("new", "pw.info", "--to", ROSENHEIM, "--answers", str(file), "--no-sync")
    assert made.out == "queued\n", made.err
    file.write_text('subject = "S"\ncompany = "C"\nquestions = ["NO-99"]\n', encoding="utf-8")
    wrong = run("new", "pw.info", "--to", ROSENHEIM, "--answers", str(file), "--no-sync")
    assert wrong.code == commands.REFUSED
    assert "questions: This is not one of the choices." in wrong.err
    assert "EST-01" in wrong.err
    assert run("new", "pw.none", "--to", ROSENHEIM, "--answers", str(file)).code == commands.NOT_FOUND
    assert run("new", "pw.info", "--to", "nowhere", "--answers", str(file)).code == commands.NOT_FOUND
    assert run("new", "pw.info", "--to", ROSENHEIM, "--answers", str(file) + "x").code == commands.USAGE
    file.write_text("[" * 9999, encoding="utf-8")
    assert run("new", "pw.info", "--to", ROSENHEIM, "--answers", str(file)).code == commands.USAGE


def test_act_reads_answers_by_the_kind_of_their_field(run: Run, central: Central, server: str) -> None:
    case = send(central, subject="For Rosenheim")
    Sessions(central).script_token("rosenheim", "script-token-of-rosenheim", dt.timedelta(hours=1))
    token = "script-token-of-rosenheim"
    run("sync", "--server", server, token=token)
    [row] = run("list", "--json").json["cases"]
    done = run("act", row["reference"], "accept", "--answer", "agreed_days=10", "--server", server, token=token)
    assert (done.code, done.out) == (0, f"sent {row['reference']}\n")
    with central.view("rosenheim") as view:
        [stored] = view.cases(ROSENHEIM, [case.case_id], 10)
    assert stored.state == "accepted"
    assert run("act", row["reference"], "accept", "--answer", "agreed_days=10").code == commands.REFUSED
    form = run("act", row["reference"], "reply", "--form", "--json").json
    assert (form["lang"], form["readers"]) == ("en", [])
    asked = form["fields"]
    assert [(each["id"], each["needed"]) for each in asked] == [(id, "send") for id in REQUEST["questions"]]
    plain = run("act", row["reference"], "reply", "--form").out
    assert "Left and Right" not in plain, "a command has no keys"
    for each in asked:
        assert f"+{'!' if each['personal'] else ' '} {each['id']}  {each['label']}\n" in plain
        assert f"? {each['id']}  {each['label']}" in run("show", row["reference"]).out
    assert "     yes  Yes\n" in plain
    assert "Written in: English\n" in plain
    assert [each["state"] for each in run("list", "--json").json["cases"]] == ["accepted"]
    both = run("act", row["reference"], "reply_partly", "--answer", "EST-01=yes", "--answer", "EST-01.cannot=Lost.")
    assert (both.code, both.err.splitlines()[1:]) == (
        commands.REFUSED,
        ["  EST-01: Give an answer, or why there is none, but not both."],
    )
    answers = ("EST-01=yes", "EST-01.remark=As usual.", "POS-04.cannot=Lost.")
    partly = run("act", row["reference"], "reply_partly", *(f"--answer={each}" for each in answers), "--no-sync")
    assert partly.out.startswith("queued"), partly.err
    shown = run("show", row["reference"]).out
    assert "?: Yes\n    Remark: As usual.\n" in shown, "in words, and no codes"
    assert ": Cannot be answered: Lost.\n" in shown
    assert run("config", "set", "writes", "de").code == 0
    run("act", row["reference"], "message", "--text", "Guten Tag.", "--no-sync")
    run("act", row["reference"], "message", "--text", "God dag.", "--text-lang", "da", "--no-sync")
    waiting = run("outbox", "--json").json["outbox"]
    said = [each["payload"]["text"]["lang"] for each in waiting if each["action"] == "message"]
    assert said == ["de", "da"], "as in the settings, unless it is said"
    impossible = run("act", row["reference"], "fly")
    assert impossible.code == commands.REFUSED
    assert "You can: " in impossible.err
    assert run("act", row["reference"], "message", "--answer", "broken").code == commands.USAGE


def test_a_refusal_of_the_server_is_told_with_its_reason(run: Run, central: Central, server: str, token: str) -> None:
    case = send(central)
    run("sync", "--server", server, token=token)
    [row] = run("list", "--view", "all", "--json").json["cases"]
    from imi_core.case import Text

    act(central, "lyon", LYON, case.case_id, "withdraw", text=Text(lang="en", text="Solved."))
    done = run("act", row["reference"], "withdraw", "--text", "Me too.", "--server", server, token=token)
    assert done.code == commands.REFUSED
    assert done.out.startswith("refused ")
    assert "present state of the case" in done.err
    assert "refused" in run("outbox").out


def test_authorities(run: Run, central: Central, server: str, token: str) -> None:
    run("sync", "--server", server, token=token)
    found = run("authorities", "zoll", "--country", "de", "--json").json["authorities"]
    assert {hit["desk"] for hit in found} == {ROSENHEIM, "de-zoll-muenchen_pw"}
    assert "--limit has to be from 1 to 1000." in run("authorities", "zoll", "--limit", "0").err
    nothing = run("authorities", "atlantis")
    assert (nothing.code, nothing.out) == (commands.NOT_FOUND, "")
    assert "No authority on this machine fits." in nothing.err


def test_whom_to_ask_and_what_is_remembered(run: Run, central: Central, server: str, token: str) -> None:
    run("sync", "--server", server, token=token)
    topics = run("authorities", "--topics", "--json").json["topics"]
    assert {topic["area"] for topic in topics} >= {"pw"}
    asked = run("authorities", "--about", "pw", "--country", "de", "--json").json
    assert asked["total"] == len(asked["authorities"]) > 1
    assert {hit["area"] for hit in asked["authorities"]} == {"pw"}
    facets = run("authorities", "zoll", "--facets", "--json").json["facets"]
    assert facets["country"] == {"DE": 2}
    assert facets["town"]["Rosenheim"] == 1
    assert run("authorities", "zoll", "--facets").out.split()[:3] == ["country", "2", "DE"]
    assert [hit["town"] for hit in run("authorities", "zoll", "--town", "Rosenheim", "--json").json["authorities"]] == [
        "Rosenheim"
    ]
    last = run("authorities", "zoll", "--json").json["authorities"][-1]
    assert run("authorities", "--remember", last["id"]).code == commands.OK
    first = run("authorities", "zoll", "--json").json["authorities"][0]
    assert (first["id"], first["remembered"]) == (last["id"], True)
    assert run("authorities", "--forget", last["id"]).code == commands.OK
    assert not any(hit["remembered"] for hit in run("authorities", "zoll", "--json").json["authorities"])
    assert run("authorities", "--remember", "nobody").code == commands.NOT_FOUND
    unknown = run("authorities", "--about", "firearms")
    assert (unknown.code, unknown.out) == (commands.NOT_FOUND, "")
    assert "--topics" in unknown.err
    assert run("authorities").code == commands.USAGE


def test_signing_in_out_and_what_then(
    run: Run, central: Central, server: str, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    send(central)
    monkeypatch.setattr(signin, "_open_browser", lambda address: in_background(lambda: person(address)))
    done = run("signin", "--server", server)
    assert (done.code, done.out) == (0, "Signed in.\n")
    assert server in done.err
    assert f'server = "{server}"' in (home / "config.toml").read_text()
    (home / "config.toml").write_bytes(b"\xff")
    again = run("signin", "--server", server, "--no-sync")
    assert (again.code, again.out, "cannot be written" in again.err) == (0, "Signed in.\n", True)
    (home / "config.toml").write_text(f'server = "{server}"\n')
    assert run("sync").code == 0
    assert run("list", "--view", "all", "--json").json["total"] == 1
    assert run("signout").out == "Signed out.\n"
    assert run("sync").code == commands.NOT_SIGNED_IN
    assert run("list", "--view", "all", "--json").json["total"] == 1


def test_signing_in_with_a_code_on_another_device(
    run: Run, central: Central, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on_another_device(code: device.Code) -> None:
        with httpx.Client(trust_env=False, follow_redirects=True) as browser:
            page = submit(browser, browser.get(code.address), code=code.code, login="lyon", password=PASSWORD)
            submit(browser, page, decision="approve")

    begin = device._start
    monkeypatch.setattr(device, "_start", lambda *given: (*begin(*given)[:2], 0.0))
    monkeypatch.setattr("imi_tui.commands.signing._show_code", on_another_device)
    done = run("signin", "--device", "--no-sync", "--server", server)
    assert (done.code, done.out) == (0, "Signed in.\n"), done.err
    assert run("sync").code == 0


def test_problems_of_the_start(run: Run, home: Path) -> None:
    assert run("sync").code == commands.NOT_SIGNED_IN
    assert "sign in with" in run("list").err
    assert run("show", "PW-26-000001").code == commands.NOT_FOUND
    assert run("sync", "--server", "http://imi.example", token="t").code == commands.OFFLINE
    (home / "key").chmod(0o644)
    open_to_all = run("list")
    assert open_to_all.code == commands.LOCAL
    assert "chmod 600" in open_to_all.err
    (home / "key").chmod(0o600)
    (home / "key").write_text("A" * 43 + "=")
    assert run("list").code == commands.LOCAL


def test_one_writer_at_a_time(run: Run, home: Path, server: str, token: str) -> None:
    from imi_tui.cache.storage.lock import lock_profile
    from imi_tui.profile import Profile

    run("sync", "--server", server, token=token)
    with lock_profile(Profile(home)):
        second = run("sync", "--server", server, token=token)
        assert second.code == commands.RUNNING
        assert "The program already runs with this data" in second.err
        assert run("list").code == 0


def test_a_passphrase_comes_from_a_descriptor(run: Run, home: Path) -> None:
    def given(text: str) -> str:
        reading, writing = os.pipe()
        os.write(writing, text.encode() + b"\n")
        os.close(writing)
        return str(reading)

    assert run("list", "--passphrase-fd", given("correct horse"), vault="passphrase").code == 0
    assert run("list", "--passphrase-fd", given("correct horse"), vault="passphrase").code == 0
    assert run("list", "--passphrase-fd", given("wrong"), vault="passphrase").code == commands.LOCAL
    long = run("list", "--passphrase-fd", given("x" * 60_000), vault="passphrase")
    assert (long.code, "at most 1,000 characters" in long.err) == (commands.LOCAL, True)
    assert run("list", "--passphrase-fd", "999", vault="passphrase").code == commands.USAGE


def test_a_token_comes_from_a_descriptor_and_leaves_the_environment(run: Run, server: str, token: str) -> None:
    reading, writing = os.pipe()
    os.write(writing, token.encode())
    os.close(writing)
    assert run("sync", "--server", server, "--token-fd", str(reading)).code == 0
    assert run("sync", "--server", server).code == commands.NOT_SIGNED_IN
    assert run("sync", "--server", server, token=token).code == 0
    assert TOKEN_VARIABLE not in os.environ


def test_doctor(run: Run, home: Path, server: str, token: str) -> None:
    run("sync", "--server", server, token=token)
    well = run("doctor", "--server", server, "--json")
    assert well.code == 0
    checks = {each["name"]: each for each in well.json["checks"]}
    assert {"version", "files", "cipher", "vault", "cache", "outbox", "sync", "server", "clock"} <= set(checks)
    assert checks["cipher"]["result"] == checks["server"]["result"] == "ok"
    store = Store.open(Profile(home), base64.b64decode((home / "key").read_text()))
    sent, received = store.activity.traffic(dt.datetime.now().astimezone().date())
    store.close()
    assert min(sent, received) > 500, "a first synchronisation went over the line"
    assert checks["line"]["value"] == f"about {sent} bytes sent and {received} received today"
    ill = run("doctor", "--server", "http://127.0.0.1:9")
    assert ill.code == commands.FAILED
    assert "cannot be reached" in ill.err
    assert token not in well.out


def test_doctor_makes_nothing(run: Run, home: Path) -> None:
    assert run("doctor", "--offline").code == 0
    assert not home.exists()


def test_the_full_screen_needs_a_terminal(run: Run) -> None:
    ended = run()
    assert ended.code == commands.USAGE
    assert "needs a terminal" in ended.err


def test_hostile_text_is_printed_harmlessly(run: Run, central: Central, server: str, token: str) -> None:
    evil = "Evil \x1b]52;c;Zm9v\x07\x9b31m\u202e[@click=app.quit]"
    send(central, subject=evil, company=evil, justification=evil)
    run("sync", "--server", server, token=token)
    [row] = run("list", "--view", "all", "--json").json["cases"]
    for out in (run("list", "--view", "all"), run("show", row["reference"]), run("show", row["id"], "--json")):
        assert "Evil" in out.out
        assert not set("\x1b\x07\x9b\u202e") & set(out.out + out.err)


def test_a_search_and_an_own_view_are_listed(run: Run, central: Central, server: str, home: Path, token: str) -> None:
    for company in ("Alpbau GmbH", "Donau KG"):
        send(central, subject=f"Check of {company}", company=company)
    run("sync", "--server", server, token=token)
    found = run("list", "--search", "alpbau is:open", "--json").json
    assert (found["search"], found["total"], found["more"]) == ("alpbau is:open", 1, False)
    assert "Alpbau" in found["cases"][0]["subject"]
    both = run("list", "--search", "is:open", "--limit", "1")
    assert "1 of 1+ cases shown" in both.err
    wrong = run("list", "--search", "contry:FR")
    assert (wrong.code, wrong.out) == (commands.USAGE, "")
    assert "is no search term. Do you mean country:?" in wrong.err, "nothing is searched, and F1 is no key here"
    profile = Profile(home)
    store = Store.open(profile, open_vault("file", profile, lambda _: "").key())
    store.saved.keep("Bau", "alpbau")
    store.close()
    assert "Alpbau" in run("list", "--view", "bau").out
    named = run("list", "--search", "country:germany", "--lang", "en")
    assert "There is nothing here for country:germany. Do you mean country:DE?" in named.err
    minus = run("list", "--search", "-alpbau", "--json").json
    assert [case["subject"] for case in minus["cases"]] == ["Check of Donau KG"], "a minus begins no option here"
    nothing = run("list", "--search", "-is:open")
    assert (nothing.code, nothing.out, nothing.err) == (0, "", "There is nothing here for -is:open.\n")
    assert "There is nothing here for alerts." in run("list", "--view", "alerts").err
    none = run("list", "--view", "Bao")
    assert none.code == commands.NOT_FOUND
    assert "There is no view Bao. Do you mean Bau?" in none.err


def test_what_was_read_is_no_news_any_more(run: Run, central: Central, server: str, token: str) -> None:
    for company in ("Alpbau GmbH", "Donau KG"):
        asked = {"officer": "rosenheim", "desk": ROSENHEIM, "to": LYON}
        send(central, subject=f"Check of {company}", company=company, **asked)
    run("sync", "--server", server, token=token)

    def unread() -> list[str]:
        cases = run("list", "--view", "all", "--sort", "reference", "--json").json["cases"]
        return [case["reference"] for case in cases if case["unread"]]

    first, second = unread()
    assert run("show", str(int(first[-6:])), "--json").json["case"]["reference"] == first, "a number is enough"
    assert run("show", "999999").code == commands.NOT_FOUND
    assert unread() == [first, second], "a program has read nothing"
    assert run("show", first).code == 0
    assert unread() == [second]
    assert run("keep", second, "--read").code == 0
    assert unread() == []


def test_a_number_that_several_cases_have_names_them() -> None:
    def found(*references: str) -> Any:
        rows = [SimpleNamespace(desk="d", id=reference, reference=reference) for reference in references]
        return SimpleNamespace(find=lambda _reference: [], search=lambda _line, _limit: rows, seats=list)

    assert find_case(found("PW-26-000020", "PW-26-000201"), "20") == ("d", "PW-26-000020"), "and not its beginning"
    with pytest.raises(CommandError, match=r"Which one is meant: PU-26-000020, PW-26-000020\?") as told:
        find_case(found("PW-26-000020", "PU-26-000020"), "20")
    assert told.value.exit_code == commands.USAGE
    with pytest.raises(CommandError, match="There is no case 20 "):
        find_case(found(), "20")


def test_usage_errors(run: Run) -> None:
    assert run("fly").code == commands.USAGE
    assert run("list", "--sort", "none").code == commands.USAGE
    assert run("list", "--view", "all", "--search", "x").code == commands.USAGE
    assert run("show").code == commands.USAGE


def test_what_was_written_goes_into_a_file_of_the_officers_own(run: Run, home: Path, token: str, server: str) -> None:
    assert run("sync", "--server", server, token=token).code == 0
    target = home / "mine.json"
    ran = run("outbox", "--export", str(target))
    assert (ran.code, ran.out) == (0, "")
    written = json.loads(target.read_text())
    assert (written["mark"]["classification"], written["mark"]["exportedAt"][:2]) == (CLASSIFICATION, "20")
    assert (written["outbox"], written["drafts"]) == ([], [])
    assert target.stat().st_mode & 0o777 == 0o600
    again = run("outbox", "--export", str(target))
    assert again.code == 2
    assert "is there already" in again.err
    nobody = run("outbox", "--export", "~nobody-is-called-so/mine.json")
    assert (nobody.code, "mine.json: No such file" in nobody.err) == (commands.LOCAL, True)
    # More was written than the file holds now.
    last = noted(home / "work.db")
    assert last is not None
    CommitMark(str(home / "work.db"), last.identity).note(last.commits + 1)
    lost = run("outbox", "--export", str(home / "rest.json"))
    assert lost.code == 0
    assert "is damaged: these are those that could still be read" in lost.err
    assert json.loads((home / "rest.json").read_text())["damaged"]
    for name in home.glob("work.db*"):
        name.unlink()
    (home / "exported-again.json").write_text(min(home.glob("exported-*")).read_text())
    (home / "exported-torn.json").write_text('{"at"')
    # Cut off before they were in their place: one whole, one not, and one that is being written.
    at = '"2026-03-01T09:00:00Z"'
    (home / "exported-cut.json").write_text(f'{{"at":{at},"cases":[],"path":"cut.json","sha256":"","state":"begun"}}')
    whole = f'{{"at":{at},"cases":[],"path":"cut.json","sha256":"ab","state":"done"}}'
    for name, text in (("cut", whole), ("half", whole[:30]), ("now", whole[:30])):
        (home / f"exported-{name}.json.new").write_text(text)
        if name != "now":
            os.utime(home / f"exported-{name}.json.new", (0, 0))
    for _again in range(2):
        log = run("export", "--log", "--json").json["exports"]
        assert [(each["kind"], each["state"], Path(each["path"]).name, each["at"][:2]) for each in log] == [
            ("outbox", "done", "rest.json", "20"),
            ("outbox", "failed", "mine.json", "20"),
            ("outbox", "failed", "mine.json", "20"),
            ("outbox", "done", "mine.json", "20"),
            ("outbox", "done", "cut.json", "20"),
        ], "also after the file with the log was lost"
    assert log[3]["sha256"] == hashlib.sha256(target.read_bytes()).hexdigest()
    assert sorted(each.name for each in home.glob("exported-*")) == ["exported-now.json.new", "exported-torn.json"]


def test_one_entry_is_read_sent_again_and_thrown_away(run: Run, central: Central, server: str, token: str) -> None:
    case = send(central)
    accept(central, case.case_id)
    run("sync", "--server", server, token=token)
    [row] = run("list", "--view", "all", "--json").json["cases"]
    for text in ("First.\nSecond line.", "Another."):
        run("act", row["reference"], "message", "--text", text, "--no-sync")
    first, second = (item["clientRef"] for item in run("outbox", "--json").json["outbox"])
    assert run("outbox", "--text", first).out == "First.\nSecond line.\n"
    at = next(at for at, (one, other) in enumerate(zip(first, second, strict=True)) if one != other)
    common = first[:at]
    several = run("outbox", "--discard", common)
    assert (several.code, several.err.strip()) == (commands.USAGE, "2 entries begin so; name more of it.")
    assert run("outbox", "--text", "nothing-like-it").code == commands.NOT_FOUND
    early = run("outbox", "--retry", first)
    assert (early.code, "sent by itself" in early.err) == (commands.REFUSED, True)
    assert run("outbox", "--discard", second[: len(common) + 1]).code == 0
    assert [item["clientRef"] for item in run("outbox", "--json").json["outbox"]] == [first]
    assert run("outbox", "--text", first, "--retry", first).code == commands.USAGE


def test_a_refused_entry_is_sent_again_by_command(run: Run, central: Central, server: str, token: str) -> None:
    case = send(central)
    run("sync", "--server", server, token=token)
    [row] = run("list", "--view", "all", "--json").json["cases"]
    run("act", row["reference"], "message", "--text", "Again.", "--no-sync")
    central.put_officer(Officer(id="lyon", name="Lyon", desks={LYON: ("viewer",)}))
    run("sync", "--server", server, token=token)
    [item] = run("outbox", "--json").json["outbox"]
    assert item["state"] == "rejected"
    central.put_officer(Officer(id="lyon", name="Lyon", desks={LYON: ("handler", "viewer")}))
    run("sync", "--server", server, token=token)
    done = run("outbox", "--retry", item["clientRef"][:-1], "--server", server, token=token)
    assert (done.code, done.out) == (0, f"sent {row['reference']}\n")
    with central.view("lyon") as view:
        texts = [entry.text.text for entry in view.entries(LYON, None, 10) if entry.text is not None]
    assert (case.case_id, texts) == (row["id"], ["Again."])
    assert run("outbox", "--json").json["outbox"] == []


def test_cases_are_given_to_colleagues(run: Run, central: Central, server: str) -> None:
    case = send(central, subject="For Rosenheim")
    Sessions(central).script_token("rosenheim", "script-token-of-rosenheim", dt.timedelta(hours=1))
    run("sync", "--server", server, token="script-token-of-rosenheim")
    [row] = run("list", "--json").json["cases"]
    there = run("assign", "--json").json["colleagues"]
    assert [each["name"] for each in there] == ["Both", "Rosenheim"]
    token = "script-token-of-rosenheim"
    given = run("assign", row["reference"], "--to", "both", "--server", server, token=token)
    assert (given.code, given.out) == (0, f"sent {row['reference']}\n")
    with central.view("rosenheim") as view:
        [stored] = view.cases(ROSENHEIM, [case.case_id], 10)
    assert stored.assignment is not None
    assert stored.assignment.officer == "both"
    run("sync", "--server", server, token=token)
    assert "Looked after by Both" in run("show", row["reference"]).out
    assert run("list", "--view", "mine", "--json").json["cases"] == []
    queued = run("assign", row["reference"], "--me", "--no-sync", "--json").json["cases"]
    assert [each["state"] for each in queued] == ["queued"]
    [mine] = run("list", "--view", "mine", "--json").json["cases"]
    assert (mine["handler"], mine["handlerName"]) == ("rosenheim", "Rosenheim")
    nobody = run("assign", row["reference"], "--to", "lyon")
    assert nobody.code == commands.NOT_FOUND
    assert "There are: Both, Rosenheim" in nobody.err
    several = run("assign", row["reference"], "--to", "o")
    assert several.code == commands.USAGE
    assert "Several colleagues fit o: Both, Rosenheim" in several.err
    assert run("assign", row["reference"]).code == commands.USAGE


def test_free_text_is_translated_shown_and_written(run: Run, central: Central, server: str, token: str) -> None:
    sent = send(central)
    accept(central, sent.case_id)
    text = Text(lang="de", text="Bitte senden Sie die Liste.")
    act(central, "rosenheim", ROSENHEIM, sent.case_id, "message", text=text)
    assert run("sync", "--server", server, token=token).code == 0
    refused = run("translate", "PW-26-000001", "--no-sync")
    assert (refused.code, refused.out) == (commands.REFUSED, "")
    assert refused.err == "This server has no translation service.\n"
    central.translations.service = Service("Test engine")
    assert run("sync", "--server", server, token=token).code == 0
    asked = run("translate", "PW-26-000001", "--server", server, "--json", token=token).json
    assert (asked["asked"], asked["problem"]) == (1, "")
    assert [each["state"] for each in asked["translations"]] == ["waiting"]
    job = central.translations.next()
    assert job is not None
    central.translations.done(job.id, {"text": "Please send\nthe list."}, "de")
    assert run("sync", "--server", server, token=token).code == 0
    listed = run("translate", "PW-26-000001", "--list")
    assert listed.out == "1 [de] text\n  | Bitte senden Sie die Liste.\n  > Please send\n  > the list.\n"
    shown = run("show", "PW-26-000001").out
    assert "  | Bitte senden Sie die Liste.\n    > [English] Please send\n    > the list.\n" in shown
    assert "    Machine translation, not binding: Test engine, " in shown
    assert run("translate", "PW-26-000001", "--own", "2", "x", "--no-sync").code == commands.USAGE
    own = run("translate", "PW-26-000001", "--own", "1", "The list, please.", "--no-sync")
    assert "  > The list, please.\n" in own.out
    [item] = run("outbox", "--json").json["outbox"]
    assert item["payload"]["texts"] == {"text": "The list, please."}
    assert run("translate", "PW-26-000001", "--to", "de", "--list").out == ""


def test_a_request_is_modified_in_what_is_named(run: Run, central: Central, server: str, token: str) -> None:
    case = send(central, subject="Before", company_address="Here")
    run("sync", "--server", server, token=token)
    [row] = run("list", "--view", "all", "--json").json["cases"]
    changed = ("--answer", "subject=After", "--answer", "company_address=")
    done = run("act", row["reference"], "modify", *changed, "--server", server, token=token)
    assert (done.code, done.out) == (0, f"sent {row['reference']}\n"), done.err
    with central.view("lyon") as view:
        [stored] = view.cases(LYON, [case.case_id], 10)
    before = {each: value for each, value in REQUEST.items() if each != "questions"}
    assert stored.request == {**before, "subject": "After"}, "the rest stays, what is empty is taken out"
    assert list(stored.questions) == REQUEST["questions"]
    assert run("act", row["reference"], "modify").code == commands.REFUSED, "nothing is named"


@pytest.mark.parametrize("turn", [True, False])
@pytest.mark.parametrize("due", ["", "2026-03-04", "2026-03-05", "2026-03-06"])
def test_a_list_marks_as_late_what_the_full_screen_does(due: str, turn: bool) -> None:
    row: Any = SimpleNamespace(due=due, turn_mine=turn, rejected=0, pending=0, unread=False)
    late = rows.is_due(row, dt.date(2026, 3, 5))
    assert listing._marks(row, "2026-03-05") == ("!" if late else " ")
    assert late == (turn and due in ("2026-03-04", "2026-03-05"))
