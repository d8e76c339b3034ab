"""Opening a profile's two files together: wrong key or damage, setting a damaged cache aside, migrations."""

from __future__ import annotations

import os
import unicodedata

from imi_core.lean import TYPE_CHECKING, suppress
from imi_tui.cache.errors import CacheError, CorruptCache, CorruptWork, FilesUnusable, WrongKey
from imi_tui.cache.storage import schema
from imi_tui.cache.storage.db import Database, MemoryKey, open_file, open_memory, require_cipher
from imi_tui.cache.storage.db_files import is_marked, set_aside, sidecar_names, sidecars
from imi_tui.cache.storage.migrations import forget_copies_of, migrate
from imi_tui.cache.storage.wal_mark import mark_of, noted

if TYPE_CHECKING:
    from imi_tui.cache.storage.hub import Hub
    from imi_tui.profile import Profile

FOLDING = f"4/{unicodedata.unidata_version}"
"""The version of `imi_core.text.spaced`, of the character tables below it, of facets: what the index is made with."""


def open_pair(profile: Profile, key: bytes, hub: Hub, at: str) -> tuple[Database, Database]:
    """`work.db` and `cache.db`, open and up to date."""
    if isinstance(key, MemoryKey):
        return _open_memory(profile, hub, at)
    require_cipher()
    work_db = profile.file("work.db")
    try:
        profile.make()
        had_work = os.path.exists(work_db)
    except OSError as error:
        raise FilesUnusable.of(error, profile.folder) from error
    noted_before = noted(work_db)
    try:
        work = open_file(work_db, key, "work")
    except WrongKey:
        if _opens(profile, key):
            raise CorruptWork from None
        raise
    try:
        found = migrate(work, schema.WORK, at)
        work.keep_mark(noted_before)
        cache = _open_cache(profile, key, at, had_work)
        if found == len(schema.WORK):
            # It has been opened with these tables before, and opened well again.
            forget_copies_of(work_db)
    except CacheError as error:
        work.close()
        if isinstance(error, WrongKey) and not had_work:
            # An empty file made with a key that is not the profile's would lock the right one out.
            for path in (profile.work_db, *sidecars(profile.work_db), mark_of(profile.work_db)):
                path.unlink(missing_ok=True)
        raise
    _check_folding(cache)
    return work, cache


def _open_cache(profile: Profile, key: bytes, at: str, key_is_right: bool) -> Database:
    path = profile.file("cache.db")
    try:
        if is_marked(path):
            set_aside(profile.cache_db)
        try:
            return _migrated(path, key, at)
        except (WrongKey, CorruptCache) as error:
            if isinstance(error, WrongKey) and not key_is_right:
                raise
            set_aside(profile.cache_db)
            return _migrated(path, key, at)
    except OSError as error:
        raise FilesUnusable.of(error, os.path.basename(path)) from error


def _anew(cache: Database, path: str, key: bytes, at: str) -> Database:
    """A cache made with other tables is begun anew: everything in it can be fetched again."""
    cache.close()
    for name in (path, *sidecar_names(path)):
        with suppress(FileNotFoundError):
            os.unlink(name)
    return _migrated(path, key, at)


def _migrated(path: str, key: bytes, at: str) -> Database:
    cache = open_file(path, key, "cache")
    try:
        made = not migrate(cache, schema.CACHE, at)
        found = cache.one("select value from meta where name = 'schema'")
        if found is None or found[0] != schema.DIGEST:
            if not made:
                return _anew(cache, path, key, at)
            cache.run("insert or replace into meta values('schema', ?)", (schema.DIGEST,))
    except CacheError:
        # A file that is set aside must not stay open under its old name.
        cache.close()
        raise
    return cache


def _opens(profile: Profile, key: bytes) -> bool:
    """Whether this key opens the cache: then it is the right one and the other file is damaged."""
    if not profile.cache_db.exists():
        return False
    try:
        open_file(profile.cache_db, key, "cache").close()
    except CacheError:
        return False
    return True


def _open_memory(profile: Profile, hub: Hub, at: str) -> tuple[Database, Database]:
    import hashlib

    name = hashlib.sha256(profile.folder.encode()).hexdigest()[:16]
    work, cache = open_memory(name, "work"), open_memory(name, "cache")
    migrate(work, schema.WORK, at)
    migrate(cache, schema.CACHE, at)
    if not hub.keeper:
        hub.keeper += [open_memory(name, "work"), open_memory(name, "cache")]
    _check_folding(cache)
    return work, cache


def _check_folding(cache: Database) -> None:
    """Index anew where the words in the index were folded by other rules than today's."""
    found = cache.one("select value from meta where name = 'folding'")
    translated = cache.one("select 1 from meta where name = 'translations_indexed'") is not None
    if found is not None and found[0] == FOLDING and translated:
        return
    if found is not None and found[0] == FOLDING:
        _index_translations(cache)
        return
    from imi_tui.cache.content.documents import Documents
    from imi_tui.cache.register.directory import Directory
    from imi_tui.cache.wire import decode

    with cache.write():
        if found is not None:
            Documents(cache).rebuild()
            directory = Directory(cache)
            for brief in (0, 1):
                rows = cache.rows("select wire from authority where brief = ?", (brief,))
                found = directory.check([decode(wire) for (wire,) in rows], (), ())[0]
                directory.put_authorities(found, brief=bool(brief))
            directory.changed()
        cache.run("insert or replace into meta values('folding', ?), ('translations_indexed', 1)", (FOLDING,))


def _index_translations(cache: Database) -> None:
    """Index anew the translated cases of a program that did not look for words in translations."""
    from imi_tui.cache.content.documents import Documents

    with cache.write():
        translated = [n for (n,) in cache.rows("select distinct n from translation")]
        Documents(cache).reword(translated, plain=True)
        cache.run("insert or replace into meta values('translations_indexed', 1)")
