"""The tables of the two files, as append-only lists of migrations.

A released migration is never edited, not even where a comment in it names a module that was moved since:
`tests/tui/cache/test_files.py` holds their checksums. `work.db` is only ever extended, because what it holds cannot be
fetched again.
"""

from __future__ import annotations

from zlib import crc32

WORK: tuple[str, ...] = (
    """
    create table meta(name text primary key, value) without rowid;
    insert into meta values('generation', 0);
    create table outbox(
      pos integer primary key autoincrement,
      client_ref text not null unique,
      officer text not null,
      desk text not null,
      case_id text not null,
      procedure text not null,
      action text not null,
      payload text not null,
      digest text not null,
      state text not null check (state in ('queued', 'sending', 'acked', 'rejected')),
      attempts integer not null default 0,
      queued_at text not null,
      reference text not null default '',
      subject text not null default '',
      error text,
      created text,
      confirmed integer not null default 0
    ) strict;
    create index outbox_live on outbox(pos) where state <> 'acked' or confirmed = 0;
    create index outbox_case on outbox(desk, case_id);
    create table touched(
      desk text not null, case_id text not null, generation integer not null, primary key (desk, case_id)
    ) strict, without rowid;
    create index touched_generation on touched(generation);
    create table alias(
      desk text not null, ref text not null, case_id text not null, primary key (desk, ref)
    ) strict, without rowid;
    create index alias_case on alias(desk, case_id);
    create table draft(
      id text primary key, saved_at text not null, replaces text not null default '', wire text not null
    ) strict, without rowid;
    create index draft_saved on draft(saved_at);
    create table upload(
      id text primary key, name text not null, key blob not null, size integer not null, sha256 text not null,
      client_ref text not null default '', blob_id text not null default ''
    ) strict, without rowid;
    """,
    """
    drop table upload;
    create table upload(
      id text primary key, file text not null, key blob not null, name text not null, size integer not null,
      sha256 text not null, kind text not null, personal integer not null, added_at text not null,
      blob_id text not null default '', lost integer not null default 0
    ) strict, without rowid;
    create table upload_part(
      upload text not null, start integer not null, size integer not null, blob_id text not null, at text not null,
      primary key (upload, start)
    ) strict, without rowid;
    """,
    "alter table outbox add column server_at text not null default ''",
    """
    create table export(
      pos integer primary key autoincrement,
      at text not null,
      officer text not null,
      officer_name text not null,
      kind text not null,
      format text not null,
      what text not null,
      cases integer not null,
      files integer not null,
      path text not null,
      sha256 text not null default '',
      state text not null default 'begun' check (state in ('begun', 'done', 'failed'))
    ) strict;
    create table export_case(
      desk text not null, case_id text not null, export integer not null, primary key (desk, case_id, export)
    ) strict, without rowid;
    """,
    "create table remembered(authority text primary key, at text not null) strict, without rowid",
    """
    create table template(
      id text primary key, name text not null, procedure text not null, saved_at text not null,
      gone_at text not null default '', wire text not null
    ) strict, without rowid;
    create table phrase(
      id text primary key, abbreviation text not null, lang text not null, text text not null, saved_at text not null,
      gone_at text not null default ''
    ) strict, without rowid;
    """,
    """
    create table personal(
      desk text not null, case_id text not null, tags text not null, note text not null, until text not null,
      version integer not null, primary key (desk, case_id)
    ) strict, without rowid;
    create index personal_until on personal(until) where until <> '';
    """,
    """
    create table saved_view(
      no integer primary key, name text not null, folded text not null unique, line text not null
    ) strict;
    """,
    """
    -- what is kept about cases that are no longer on this machine, until when
    create table personal_gone(
      desk text not null, case_id text not null, until text not null, primary key (desk, case_id)
    ) strict, without rowid;
    """,
    """
    -- what stands for entries that come (wire) or go by the thousand until each is written
    create table unwritten(
      no integer primary key autoincrement, come integer not null,
      first_ref text not null, last_ref text not null, first_pos integer not null, last_pos integer not null,
      wire blob not null
    ) strict;
    """,
    """
    -- empty but for what was tried: whether any of thousands was is asked before they are taken back
    create index outbox_tried on outbox(pos) where state <> 'queued' or attempts > 0;
    """,
)

CACHE: tuple[str, ...] = (
    """
    create table meta(name text primary key, value) without rowid;
    insert into meta values('generation', 0), ('directory', 0), ('register_round', 0), ('register_index', 0);
    insert into meta values('rows', 0);
    create table account(
      id text primary key, state text not null default '', filling real
    ) strict, without rowid;
    create table secret(name text primary key, value text not null) strict, without rowid;
    create table traffic(
      day text primary key, sent integer not null, received integer not null
    ) strict, without rowid;
    create table desk(no integer primary key, id text not null unique) strict;

    create table listing(
      n integer primary key,
      desk integer not null,
      id text not null,
      reference text not null,
      procedure text not null,
      state text not null,
      subject text not null,
      country text not null,
      counterpart text not null,
      name_key blob not null,
      due text not null,
      activity integer not null,
      level text not null,
      mine integer not null,
      unread integer not null,
      pending integer not null,
      rejected integer not null,
      files integer not null,
      views integer not null,
      seen integer not null
    ) strict;
    create unique index listing_case on listing(desk, id);
    create index listing_unread on listing(activity) where unread = 1;
    create index listing_own on listing(activity) where pending > 0 or rejected > 0;
    -- slot: a group of views and a sort order (imi_tui.cache.order)
    create table view_row(
      slot integer not null, key blob not null, n integer not null, primary key (slot, key)
    ) strict, without rowid;
    create table group_count(no integer primary key, rows integer not null) strict;

    create table confirmed(
      n integer primary key, version integer not null, level text not null, wire blob not null
    ) strict;
    create table content(
      n integer primary key, version integer not null, level text not null, wire blob not null
    ) strict;
    create table wanted(
      n integer primary key, priority integer not null, rank integer not null, whole integer not null
    ) strict;
    create index wanted_order on wanted(priority, rank, n);
    create trigger content_gone after delete on confirmed begin
      delete from content where n = old.n;
      delete from wanted where n = old.n;
    end;
    -- n: the row of its case, by which entries are read and come close together; 0 while there is none
    create table entry(
      no integer primary key,
      n integer not null,
      desk integer not null,
      id text not null,
      case_id text not null,
      version integer not null,
      client_ref text not null,
      wire blob not null
    ) strict;
    create unique index entry_id on entry(desk, id);
    create index entry_case on entry(n, version) where n > 0;
    create index entry_orphan on entry(desk, case_id) where n = 0;
    create trigger orphaned after delete on listing begin
      update entry set n = 0 where n = old.n and n > 0;
    end;
    create index entry_client_ref on entry(desk, client_ref) where client_ref <> '';
    create table without_rules(
      procedure text not null, version integer not null, desk integer not null, id text not null,
      primary key (procedure, version, desk, id)
    ) strict, without rowid;

    create virtual table words using fts5(
      text, content='', columnsize=0, detail=none, prefix='2 3', tokenize="ascii tokenchars '_'"
    );
    insert into words(words, rank) values('secure-delete', 1), ('hashsize', 8388608), ('automerge', 8);
    create table document(docid integer primary key, n integer not null unique, text text) strict;
    create table to_index(late integer not null, n integer not null, primary key (late, n)) strict, without rowid;

    create table authority(
      id text primary key,
      name_key text not null,
      country text not null,
      areas text not null,
      status text not null,
      folded text not null,
      wire blob not null,
      version integer not null,
      brief integer not null,
      round integer not null
    ) strict, without rowid;
    create index authority_country on authority(country);
    -- authorities that cases of this officer's desks are or were with; last: the latest activity
    create table partner(
      authority text primary key, cases integer not null, last integer not null
    ) strict, without rowid;
    create index partner_last on partner(last);
    create table register_part(
      country text primary key, total integer not null, after text not null, done integer not null
    ) strict, without rowid;
    -- what authorities are found by (imi_tui.cache.register_index), and the countries whose index is out of date
    create table register_index(
      country text primary key, made integer not null, format text not null, data blob not null
    ) strict, without rowid;
    create table register_stale(country text primary key, turn integer not null) strict, without rowid;
    create table register_wanted(id text primary key) strict, without rowid;
    create table authority_desk(
      desk text primary key, authority text not null, area text not null, status text not null,
      coordinator integer not null
    ) strict, without rowid;
    create index authority_desk_authority on authority_desk(authority);
    create table procedure(
      id text not null, version integer not null, area text not null, wire blob not null, primary key (id, version)
    ) strict, without rowid;
    create table officer(id text primary key, wire blob not null) strict, without rowid;
    """,
    """
    drop table if exists blob;
    create table file(
      id text primary key, desk text not null, case_id text not null, file text not null, key blob not null,
      size integer not null, sha256 text not null, have integer not null default 0, restarts integer not null default 0,
      state text not null check (state in ('wanted', 'here', 'failed')), problem text not null default '',
      asked_at text not null, used_at text not null
    ) strict, without rowid;
    """,
    """
    alter table listing add column handler text not null default '';
    alter table listing add column assigning integer not null default 0;
    create index listing_handler on listing(handler, activity) where handler <> '';
    """,
    """
    -- number: that of the case (`Case.translations`) when its translations were read, -1 to read them anew
    create table translated(n integer primary key, number integer not null) strict;
    create table translation(id text primary key, n integer not null, at text not null, wire blob not null) strict;
    create index translation_case on translation(n, at, id);
    create table translating(
      n integer not null, entry text not null, source text not null, lang text not null, problem text not null,
      primary key (n, entry, lang)
    ) strict, without rowid;
    create trigger translations_gone after delete on confirmed begin
      delete from translated where n = old.n;
      delete from translation where n = old.n;
      delete from translating where n = old.n;
    end;
    -- content goes by itself where it may no longer be seen
    create trigger translations_hidden after delete on content begin
      delete from translated where n = old.n;
      delete from translation where n = old.n;
      delete from translating where n = old.n;
    end;
    """,
    """
    -- the orders by name (imi_tui.cache.alphabet); role: shown, made (up to the row with number at), old
    create table spelling(
      position integer primary key, alphabet text not null, role text not null unique, at integer not null
    ) strict;
    insert into spelling values(3, '', 'shown', 0);
    insert into meta values('register_alphabet', '');
    alter table register_index add column alphabet text not null default '';
    alter table listing drop column name_key;
    alter table authority drop column name_key;
    """,
    """
    -- assignments of cases before the present one (imi_tui.cache.histories), up to a version; of which they are missing
    create table history(n integer primary key, version integer not null, wire blob not null) strict;
    create table history_wanted(n integer primary key) strict;
    create trigger history_gone after delete on confirmed begin
      delete from history where n = old.n;
      delete from history_wanted where n = old.n;
    end;
    """,
)

DIGEST = f"{crc32(chr(10).join(CACHE).encode()):08x}"
"""What the tables of `cache.db` are made of: a cache of other tables is not brought up to date but begun anew."""
