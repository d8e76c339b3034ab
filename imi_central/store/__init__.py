"""The only place with SQL: tables, transactions, change log, migrations. Everything else uses `Store`."""

from imi_central.store.assigning import Taken, Wanted
from imi_central.store.commit import Committed
from imi_central.store.errors import (
    AlreadyExists,
    EntryRefused,
    NewerDatabase,
    NoSeat,
    OfficerDisabled,
    OverQuota,
    ProcedureChanged,
    StateUnknown,
    StoreError,
    TooMany,
    TooSlow,
    Unavailable,
    UnknownOfficer,
)
from imi_central.store.files import Assembly, File
from imi_central.store.paging import INITIAL, Page, types_of
from imi_central.store.query import AuthorityFilter, CaseFilter
from imi_central.store.store import Store, utc_now
from imi_central.store.translating import Asked, Service, Translations
from imi_central.store.view import View

__all__ = [
    "INITIAL",
    "AlreadyExists",
    "Asked",
    "Assembly",
    "AuthorityFilter",
    "CaseFilter",
    "Committed",
    "EntryRefused",
    "File",
    "NewerDatabase",
    "NoSeat",
    "OfficerDisabled",
    "OverQuota",
    "Page",
    "ProcedureChanged",
    "Service",
    "StateUnknown",
    "Store",
    "StoreError",
    "Taken",
    "TooMany",
    "TooSlow",
    "Translations",
    "Unavailable",
    "UnknownOfficer",
    "View",
    "Wanted",
    "types_of",
    "utc_now",
]
