"""Authority/get, /changes, /query and /index: the register of who is who."""

from __future__ import annotations

from imi_central.api.context import (
    MAX_QUERY,
    Arguments,
    Context,
    Method,
    account,
    changes_of,
    get_result,
    id_list,
    languages,
    reject_unknown,
    strings,
    whole,
)
from imi_central.api.methods.filters import text_filter
from imi_central.store import AuthorityFilter
from imi_core.authority import Authority, Desk
from imi_core.case import to_wire
from imi_core.jmap import MethodError

DESCRIBED = 120
"""Characters of a description in the index at most."""


def get(context: Context, arguments: Arguments) -> Arguments:
    """Authority/get."""
    reject_unknown(arguments, ("accountId", "ids", "properties"))
    account_id = account(context, arguments, "Authority")
    ids = id_list(context, arguments)
    found = context.view.authorities(ids, context.limits.max_objects_in_get)
    objects = {each.id: to_wire(each) for each in found}
    return get_result(account_id, context.view.state(account_id), ids, objects, strings(arguments, "properties"))


def query(context: Context, arguments: Arguments) -> Arguments:
    """Authority/query: by words of name, title, description or town, by country, legal area and topic."""
    reject_unknown(arguments, ("accountId", "filter", "sort", "position", "limit"))
    account_id = account(context, arguments, "Authority")
    if arguments.get("sort"):
        raise MethodError("unsupportedSort", "authorities come by name")
    wanted = AuthorityFilter(**text_filter(arguments, ("text", "country", "area", "topic")))
    position = whole(arguments, "position", 0, 0)
    ids = context.view.find_authorities(wanted, position, whole(arguments, "limit", 50, 0, MAX_QUERY))
    return {
        "accountId": account_id,
        "queryState": context.view.state(account_id),
        "canCalculateChanges": False,
        "position": position,
        "ids": ids,
    }


def index(context: Context, arguments: Arguments) -> Arguments:
    """Authority/index: what finding an authority takes, country by country, for a copy of the register on a poor line.

    Without a country: how many there are in each. An officer's languages, then English, decide which titles come.
    """
    reject_unknown(arguments, ("accountId", "country", "languages", "after", "limit"))
    account_id = account(context, arguments, "Authority")
    out: Arguments = {"accountId": account_id, "state": context.view.state(account_id)}
    country = arguments.get("country")
    if country is None:
        return out | {"countries": context.view.authority_counts()}
    after = arguments.get("after", "")
    if not isinstance(country, str) or not isinstance(after, str):
        raise MethodError("invalidArguments", "country and after are texts", arguments=["country", "after"])
    wanted = (*languages(arguments), "en")
    most = context.limits.max_objects_in_get
    limit = whole(arguments, "limit", most, 1, most)
    found = context.view.authority_index(country, after, limit + 1)
    listed = [to_wire(_brief(each, wanted)) for each in found[:limit]]
    return out | {"country": country, "list": listed, "hasMore": len(found) > limit}


def _brief(found: Authority, languages: tuple[str, ...]) -> Authority:
    """An authority with what a search shows and looks at; everything else at its default, which does not travel."""
    titles = {language: found.titles[language] for language in languages if language in found.titles}
    described = [language for language in (*languages, *found.descriptions) if language in found.descriptions][:1]
    return Authority(
        id=found.id,
        formal_name=found.formal_name,
        country=found.country,
        status=found.status,
        town=found.town,
        languages=found.languages,
        topics=found.topics,
        titles=titles or dict(list(found.titles.items())[:1]),
        descriptions={language: _beginning(found.descriptions[language]) for language in described},
        desks=tuple(
            Desk(id=each.id, area=each.area, status=each.status, coordinator=each.coordinator) for each in found.desks
        ),
        version=found.version,
    )


def _beginning(text: str) -> str:
    """What a description says first, by which an authority is found too: it ends with a word."""
    line = " ".join(text.split())
    return line if len(line) <= DESCRIBED else line[: DESCRIBED - 1].rsplit(" ", 1)[0] + "…"


METHODS: dict[str, Method] = {
    "Authority/get": get,
    "Authority/changes": changes_of("Authority"),
    "Authority/query": query,
    "Authority/index": index,
}
