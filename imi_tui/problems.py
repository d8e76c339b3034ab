"""What went wrong, in one sentence in the officer's language, for every error code there is.

`sentence` explains, `aside` does so for cases that came unusable, `short` fits the status line, `answer_problem` says
what is wrong with one answer of a form, `refused` explains a rejected entry of the outbox. Codes come from
`imi_core.errors`, `imi_core.answers`, the set errors of `imi_core.jmap`, `imi_tui.sync.errors`,
`imi_tui.signin.errors`, `imi_tui.cache.errors` and `imi_tui.outside`.
"""

from __future__ import annotations

from imi_core.lean import TYPE_CHECKING
from imi_core.text import display
from imi_tui.hints import hint
from imi_tui.i18n import N_, _, ngettext

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

ASIDE_NAMED = 5
"""Cases that one sentence names."""
_SENTENCES: dict[str, str] = {
    # The rules and the server's answers to an entry
    "notAvailable": N_("This cannot be done in the present state of the case."),
    "forbidden": N_("Your role does not allow this; ask your coordinator."),
    "stale": N_("The case changed after you read it; look at it again before you decide."),
    "badTarget": N_("This authority cannot be addressed here; choose another one."),
    "blocked": N_("The case is blocked; it can only be read."),
    "erased": N_("The case was erased in its time; nothing can be added to it. What you wrote is kept."),
    "invalidAnswers": N_("Some answers are missing or wrong; correct them and send it again."),
    "unknownProcedure": N_("This machine does not know the procedure yet; synchronise first."),
    "definition": N_("The definition of the procedure cannot be used; tell whoever runs the server."),
    "sealBroken": N_("The record of this case does not add up; tell your coordinator."),
    "notFound": N_("You no longer have access to this case."),
    "alreadyExists": N_(
        "The server has another entry under the same number; compare both, then send this one again as a new one or"
        " discard it."
    ),
    "invalidProperties": N_("The server does not accept a part of this entry; correct it and send it again."),
    "damaged": N_(
        "What this machine kept of the entry is damaged, so it was not sent. Look whether the case has it already; if"
        " not, put it right and send it again."
    ),
    "tooLarge": N_("The entry is too large for the server; make it shorter."),
    "overQuota": N_("The files of a case may have 100 MiB in all; send this entry with fewer files."),
    "blobNotFound": N_("An attached file is not on the server any more; attach it again."),
    "caseNotBack": N_(
        "The server was restored from a backup and does not have this case yet; this is sent when the case is back."
    ),
    "caseNotReturned": N_(
        "The server was restored from a backup, and this case did not come back in two weeks; what you wrote is kept."
    ),
    "unresolvedReference": N_(
        "This entry belongs to a new case that the server did not accept; correct that case first."
    ),
    "rateLimit": N_("The server asks for a pause; the program tries again by itself."),
    "noService": N_("This server has no translation service."),
    "personalData": N_("Personal data is not given to the translation service."),
    "noTranslation": N_("The translation service gave no usable translation; ask again later."),
    "error": N_("This did not work; try again."),
    # Synchronising
    "sync": N_("The synchronisation did not work; the program tries again by itself."),
    "offline": N_(
        "The server cannot be reached. What you do is kept and sent later; look whether this machine has a network."
    ),
    "noAnswer": N_(
        "The server has not answered for several tries; look at the network of this machine. The program goes on"
        " trying, and what you do is kept."
    ),
    "captivePortal": N_(
        "This network wants you to sign in first: open any web page in your browser, sign in there, then synchronise."
    ),
    "proxy": N_(
        "The proxy of this network does not let the connection through; ask whoever runs the network to allow"
        " the server's address."
    ),
    "tls": N_(
        "The certificate of the server cannot be trusted, so nothing was sent. Look at the clock of this "
        "machine; if it is right, ask whoever runs the network, for a proxy that inspects traffic needs its "
        "certificate in this system."
    ),
    "insecureServer": N_("The address of the server has to begin with https; sign in again with the right one."),
    "notSignedIn": N_("You are not signed in; sign in to synchronise."),
    "disabled": N_("The server does not let you in; ask your coordinator."),
    "unavailable": N_("The server is busy or being maintained; the program tries again by itself."),
    "rateLimited": N_("The server asks for a pause; the program tries again by itself."),
    "serverMistake": N_(
        "The server sent an answer that cannot be used; nothing of it was taken over. If it stays so, tell"
        " whoever runs the server."
    ),
    "streamRefused": N_("This line does not carry long answers; the program asks for short ones by itself."),
    "otherServer": N_(
        "This is another server than the one your cases came from; nothing was changed. Set the address back,"
        " or use a profile of its own for the other server."
    ),
    "otherOfficer": N_(
        "Another officer signed in than the one this data belongs to; nothing was sent or changed. Sign in as that"
        " officer, or use a profile of your own."
    ),
    "restored": N_("The server was restored from a backup; what you sent since is sent again where it is missing."),
    "manyRemoved": N_(
        "The server would take very many cases away at once; nothing was removed yet. Press {hold} in the inbox to"
        " decide."
    ),
    "clockSkew": N_(
        "The clock of this machine differs from that of the server by more than two minutes; set it, for"
        " deadlines and sign-ins depend on it."
    ),
    "internal": N_("The program made a mistake while synchronising; your work is kept, and it tries again by itself."),
    "noServer": N_("No server is set; sign in with the address of your server."),
    # Signing in
    "signIn": N_("Signing in did not work; try again."),
    "signInRefused": N_("The server did not accept the sign-in; try again, or ask your coordinator."),
    "signInExpired": N_("The sign-in took too long; begin again."),
    "signInCancelled": N_("The sign-in was cancelled."),
    "deviceNotAllowed": N_("The server does not allow to sign in with a code; use the browser."),
    # The cache and the key
    "cache": N_("The data on this machine cannot be used; see imi-tui doctor."),
    "plaintextCipher": N_(
        "The database software on this machine would not encrypt, so nothing was written; install the program again."
    ),
    "wrongKey": N_("The key does not open the data on this machine; choose the one it was made with (--vault)."),
    "corruptCache": N_("A file with data on this machine is damaged; start again to fill it anew."),
    "corruptWork": N_(
        "The file with your drafts and unsent entries is damaged. Save what can still be read of it with:"
        " imi-tui outbox --export FILE; then restore all files work.db* from a backup, or move them away."
    ),
    "filesUnusable": N_("The files of the program cannot be read or written; look at the disk and at who owns them."),
    "newerCache": N_(
        "The data on this machine was written by a newer version of the program, which alone may write to it."
        " What you wrote can be read with: imi-tui outbox --export FILE"
    ),
    "notUpdated": N_(
        "The data on this machine could not be brought to this version of the program; it is as it was, and the earlier"
        " version can still use it. What you wrote can be read with: imi-tui outbox --export FILE"
    ),
    "alreadyRunning": N_("The program already runs with this data; go on there, or close it first."),
    "cacheBusy": N_("The data on this machine is in use; try again in a moment."),
    "diskFull": N_("The disk is full; make room and try again."),
    "badObject": N_("The server sent something that cannot be used; nothing of it was taken over."),
    "noSuchCase": N_("There is no such case on this machine; synchronise first."),
    "viewNameTaken": N_("You have a view with this name already; choose another name."),
    "noSuchItem": N_("There is no such entry in the outbox."),
    "noSuchSeat": N_("You have no seat at this desk."),
    "unknownMethod": N_("The server is of an earlier version and does not know this yet; send it again when it does."),
    "alreadyAttempted": N_("The entry may already have been sent; it can no longer be taken back."),
    "laterEntries": N_("Later entries belong to this new case; take those back first."),
    # Files
    "damagedFile": N_("The copy of this file on this machine is damaged; it has to be fetched or attached again."),
    "fileTooLarge": N_("The file is larger than 25 MiB and cannot be attached."),
    "caseTooLarge": N_("The files of a case may have 100 MiB in all; this one does not fit any more."),
    "filesTooMany": N_("An entry may have 50 files at most."),
    "fileTwice": N_("This file is attached already."),
    "fileIsProgram": N_("Programs and scripts cannot be attached."),
    "fileUnreadable": N_("This file cannot be read, or it is no ordinary file."),
    "filesNotTaken": N_("This action takes no files."),
    "fileGone": N_("The server does not have this file for you any more."),
    "otherFile": N_("The server sent another file than the entry names; it was thrown away."),
    "quota": N_("Too many of your files wait on the server; this one is sent when they are through, within a day."),
    "fileBlocked": N_(
        "Files of this kind are not given to other programs, because they could do harm; save it instead."
    ),
    "filePersonal": N_(
        "Files with personal data are not given to other programs; read or save it, or allow it in your settings."
    ),
    "noProgram": N_("There is no program here that could show the file; save it instead."),
    "noPrinter": N_("This machine has no printing command (lp or lpr); export the case and print the file elsewhere."),
    "notPrinted": N_("The printing command did not take the document; look at its queue, or export the case."),
    "clipboardOff": N_("Your settings do not allow copying to the clipboard (clipboard = false)."),
    "noFolder": N_("There is no such folder."),
    "nameTaken": N_("The folder holds too many files of this name; choose another one."),
    "notWritable": N_("The file cannot be written there."),
    "noPdf": N_("The PDF could not be made; export the case as JSON, or without its files."),
    "cut": N_("This is only the beginning; save the file to see the rest."),
    "noText": N_("There is no text in this file; it may be a picture of a page. Save it to look at it."),
    "noPreview": N_("This kind of file cannot be shown as text; save it to look at it."),
    "notReadable": N_("The text of this file cannot be read: it is damaged, locked or too much work."),
    "outboxChanged": N_("The outbox changed meanwhile; the program tries again by itself."),
    "vault": N_("The key of the data on this machine cannot be used; see imi-tui doctor."),
    "vaultUnavailable": N_("There is no usable place for the key; choose one with --vault."),
    "vaultLocked": N_("The place with the key is locked; unlock it and try again."),
    "wrongPassphrase": N_("The passphrase is not right; try again."),
    "passphraseTooLong": N_("A passphrase may have at most 1,000 characters; nothing was cut, take a shorter one."),
}

_SHORT: dict[str, str] = {
    "offline": N_("offline"),
    "noAnswer": N_("no answer for long"),
    "captivePortal": N_("network sign-in needed"),
    "proxy": N_("blocked by the proxy"),
    "tls": N_("certificate not trusted"),
    "insecureServer": N_("server address not safe"),
    "notSignedIn": N_("not signed in"),
    "disabled": N_("no access"),
    "unavailable": N_("server busy"),
    "rateLimited": N_("server asks for a pause"),
    "serverMistake": N_("answer of the server unusable"),
    "internal": N_("mistake of the program"),
    "streamRefused": N_("short answers only"),
    "otherServer": N_("other server"),
    "otherOfficer": N_("other officer"),
    "restored": N_("server restored"),
    "manyRemoved": N_("removal on hold"),
    "clockSkew": N_("clock differs"),
    "diskFull": N_("disk full"),
    "quota": N_("files wait for room"),
    "noServer": N_("no server set"),
    "badObject": N_("answer of the server unusable"),
    "cacheBusy": N_("data in use"),
    "corruptCache": N_("data damaged"),
    "corruptWork": N_("outbox damaged"),
    "newerCache": N_("data of a newer version"),
    "notUpdated": N_("data not brought up to date"),
    "filesUnusable": N_("files not usable"),
    "wrongKey": N_("key does not fit"),
}

_ANSWERS: dict[str, str] = {
    "missing": N_("An answer is needed."),
    "unknown": N_("This is not asked here."),
    "type": N_("This kind of answer does not fit."),
    "option": N_("This is not one of the choices."),
    "date": N_("This is not a date such as 2026-03-05."),
    "number": N_("This is not a number that fits here."),
    "amount": N_("This is not an amount such as 1250.00 EUR."),
    "country": N_("This is not a country of the network, such as FR."),
    "length": N_("The text is longer than {allowed} characters."),
    "range": N_("The answer has to be in the range {allowed}."),
    "question": N_("This is not one of the questions of the case."),
    "both": N_("Give an answer, or why there is none, but not both."),
    "placeholder": N_("Write what {allowed} stands for."),
}


def known(code: str) -> bool:
    """Whether there is a sentence for `code`."""
    return code in _SENTENCES


def sentence(code: str) -> str:
    """One sentence on what happened and what to do; a code nobody knows is shown as it is."""
    if code in _SENTENCES:
        text = _(_SENTENCES[code])
        return text.replace("{hold}", hint("app.removals")) if code == "manyRemoved" else text
    return _("The server reports: {code}.").format(code=display(code)[:80])


def english(code: str) -> str:
    """The same in English, for scripts."""
    return _SENTENCES.get(code, "").replace("{hold}", "h")


def short(code: str) -> str:
    """A few words for the status line."""
    return _(_SHORT[code]) if code in _SHORT else _("sync problem")


def aside(references: Sequence[str]) -> str:
    """What to do about cases whose contents the server gave in a form that cannot be used."""
    named = [display(each)[:20] for each in references]
    cases = ", ".join(named[:ASIDE_NAMED]) + (" …" if len(named) > ASIDE_NAMED else "")
    return ngettext(
        "The server gave case {cases} in a form that cannot be used, so what you see of it may be old or not all of it;"
        " tell whoever runs the server. It is asked for again every six hours.",
        "The server gave cases {cases} in a form that cannot be used, so what you see of them may be old or not all of"
        " it; tell whoever runs the server. They are asked for again every six hours.",
        len(named),
    ).format(cases=cases)


def answer_problem(code: str, allowed: str = "") -> str:
    """What is wrong with one answer. `allowed` is what `imi_core.answers.Problem` says may stand there."""
    if code not in _ANSWERS:
        return sentence(code)
    return _(_ANSWERS[code]).format(allowed=display(allowed))


def of_settings(slips: Sequence[str], most: int = 3) -> list[str]:
    """What is wrong in the officer's file of settings; beyond `most`, how many more there are and what lists them."""
    more = len(slips) - most
    if more <= 0:
        return [*slips]
    # Translators: behind lines that say what is wrong in the settings.
    rest = ngettext("and {count} more.", "and {count} more.", more).format(count=more)
    return [*slips[:most], f"{rest} imi-tui config show"]


def refused(error: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Why the server rejected an entry, from its set error: one sentence, then one a field that is wrong.

    Lines about a field begin with its id; whoever knows the form shows its label instead (see `fields`).
    """
    if not error:
        return ()
    return (
        sentence(str(error.get("type", "error"))),
        *(f"{field}: {text}" for field, text in fields(error)),
    )


def fields(error: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """(field id, sentence) for each wrong answer a set error names. Tolerates any shape: it came from outside."""
    listed = error.get("problems")
    if not isinstance(listed, list | tuple):
        return ()
    return tuple(
        (display(str(item[0])), answer_problem(str(item[1]), str(item[2]) if len(item) > 2 else ""))
        for item in listed
        if isinstance(item, list | tuple) and len(item) >= 2
    )
