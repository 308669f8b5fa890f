"""Why a project is in the list: one Chinese sentence from its needs, people, urgency, rank and money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .book import Book
from .catalogue import catalogue_of
from .options import CAMPAIGN, EMERGENCY, SITE

MOST_NAMES = 4


@dataclass(frozen=True, slots=True)
class Names:
    """Chinese names by code, for sentences; a code without a name stays as it is."""

    service_types: Mapping[str, str]
    communities: Mapping[str, str]
    neighbourhoods: Mapping[str, str]
    sites: Mapping[str, str]
    site_community: Mapping[str, str]

    def types(self, codes: str) -> str:
        """The names of `;`-joined service types, the first few written out."""
        known = [self.service_types.get(code, code) for code in codes.split(";") if code]
        more = f"等{len(known)}项" if len(known) > MOST_NAMES else ""
        return "、".join(known[:MOST_NAMES]) + more

    def project(self, kind: str, place: str, site: str, community: str, service_types: str) -> str:
        """The name of a project: place and content."""
        what = self.types(service_types) or "用房改造"
        if kind == SITE:
            where = self.sites.get(site, site)
            home = self.communities.get(community, "")
            return f"{where if where.startswith(home) else home + where}：{what}"
        where = self.neighbourhoods.get(place) or self.communities.get(place, place)
        return f"{where}：{what}" + ("（一次开挖）" if kind == CAMPAIGN else "")


def names_of(book: Book) -> Names:
    """The names that a book and the catalogue give."""

    def pairs(table: str, column: str = "name") -> dict[str, str]:
        frame = book.table(table)
        return {code: name for code, name in zip(frame["id"], frame[column], strict=True) if name}

    types = catalogue_of(book).service_types
    return Names(
        service_types=dict(zip(types["id"], types["name_zh"], strict=True)),
        communities=pairs("communities"),
        neighbourhoods=pairs("neighbourhoods"),
        sites=pairs("sites"),
        site_community=pairs("sites", "community"),
    )


def reason(
    options: Sequence[Mapping[str, Any]], cost: int, outside: int, names: Names, pins: Mapping[str, str], site: str
) -> str:
    """The sentence for one project; `outside` is the yuan that neither city nor county pays."""
    needs = {row["need_id"]: row for row in options}
    parts = []
    told = [f"“{pins[key]}”" for key in sorted({*needs, site} & set(pins)) if pins[key]]
    if {*needs, site} & set(pins):
        parts.append("确定纳入" + (f"（依据{'、'.join(dict.fromkeys(told))}）" if told else ""))
    if needs:
        types = ";".join(dict.fromkeys(row["service_type"] for row in options))
        people = sum(row["people"] for row in needs.values())
        emergency = sum(bool(row["variant"] & EMERGENCY) for row in options)
        if emergency == len(options):
            parts.append(f"对{len(needs)}项强制需求（{names.types(types)}）先作应急处置，涉及{people}人次")
        else:
            parts.append(f"解决{len(needs) - emergency}项需求（{names.types(types)}），服务{people}人次")
        urgency = max(row["urgency"] for row in needs.values())
        safety = sum(row["safety"] for row in needs.values())
        parts.append(f"紧迫度最高{urgency}级" + (f"，含安全类{safety}项" if safety else ""))
        ranks = [row["rank"] for row in needs.values() if row["rank"] is not None]
        if ranks:
            parts.append(f"居民排序最前第{min(ranks)}位")
        if 0 < emergency < len(options):
            parts.append(f"另有{emergency}项先作应急处置")
    else:
        parts.append("先行改造场地，供随后进入的服务使用")
    if cost:
        parts.append(f"市县以外资金占{1000 * outside // cost / 10:.1f}%")
    return "；".join(parts) + "。"
