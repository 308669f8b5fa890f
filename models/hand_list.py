"""A list of works made by hand, or approved last year: read, compared with what is possible, and made into rules.

A line names a need (or community and service type, where that is one need) and the year in which it starts; where it
says so, also the measure and the building. As rules of a scenario (确定纳入 for the lines, 暂不安排 for all else) the list is
solved like any plan: money is found for it, or the lines that cannot hold together are named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from .book import Book
from .faults import BookError, Fault
from .names import names_of
from .options import EMERGENCY, Options
from .rules import Rule
from .rules_fixed import ForbidRule, PinRule
from .settings_help import nearest

HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    "need": ("need_id", "需求", "需求编号"),
    "community": ("community", "社区"),
    "neighbourhood": ("neighbourhood", "小区"),
    "service_type": ("service_type", "服务类型"),
    "measure": ("measure", "措施", "更新措施"),
    "year": ("start_year", "开工年份", "年份"),
    "site": ("site", "用房用地", "资源", "场地"),
    "basis": ("basis", "依据"),
}
"""Columns that are read, in either language; further ones may stand in the list and are passed over."""


@dataclass(frozen=True, slots=True)
class ListLine:
    """One line: a need with the start year, measure and site that it names (empty: any), or a site alone."""

    row: int
    need: str
    measure: str
    year: int | None
    site: str
    basis: str


def read_list(path: Path | str, book: Book, options: Options) -> tuple[ListLine, ...]:
    """The lines of a CSV file or workbook; a `BookError` lists everything in it that the book has not or does not allow."""
    path = Path(path)
    cells = _cells(path)
    found: dict[str, str] = {}
    for name, headers in HEADERS.items():
        here = [header for header in headers if header in cells.columns]
        if here:
            found[name] = here[0]
    if "need" not in found and not {"community", "service_type"} <= set(found):
        raise BookError([_fault(path, 1, "", "", "没有“需求”列，也没有“社区”和“服务类型”列", 
                                "there is neither a column of needs nor of communities and service types",
                                "第一行写列名，如 需求,措施,开工年份", "let the first line name the columns")])  # fmt: skip
    reader = _Reader(path, book, options)
    lines = [
        line
        for number, row in enumerate(cells.iter_rows(named=True), start=2)
        if (line := reader.line(number, {name: (row[header] or "").strip() for name, header in found.items()}))
    ]
    if reader.faults:
        raise BookError(reader.faults)
    return tuple(lines)


def _cells(path: Path) -> pl.DataFrame:
    try:
        if path.suffix.lower() == ".xlsx":
            return pl.read_excel(path, infer_schema_length=0).cast(pl.String)
        return pl.read_csv(path, infer_schema=False, encoding="utf8")
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        why = "没有内容" if isinstance(error, pl.exceptions.NoDataError) else type(error).__name__
        raise BookError([_fault(path, 0, "", "", f"读不出这份清单（{why}）", f"the list cannot be read ({why})",
                                "给出 UTF-8 的 CSV 或 .xlsx", "name a CSV file in UTF-8, or an .xlsx")]) from error  # fmt: skip


def _fault(path: Path, row: int, column: str, value: str, *words: str) -> Fault:
    return Fault(path.name, row, column, value, words[0], words[1], words[2], words[3])


class _Reader:
    """Looks up what the cells of a list name, and collects what they name in vain."""

    def __init__(self, path: Path, book: Book, options: Options) -> None:
        self.path, self.faults = path, list[Fault]()
        names = names_of(book)
        needs = options.needs
        self.needs: dict[str, Mapping[str, Any]] = {row["id"]: row for row in needs.iter_rows(named=True)}
        self.known_needs = {*self.needs, *book.table("needs")["id"].to_list()}
        self.sites = set(book.table("sites")["id"].to_list())
        rows = options.options.join(
            needs.with_row_index("need").select(pl.col("need").cast(pl.Int64), pl.col("id")), on="need", how="left"
        )
        self.ways: dict[str, set[tuple[str, int]]] = {}
        for need, measure, year in rows.select("id", "measure", "year").unique().iter_rows():
            self.ways.setdefault(need, set()).add((measure, year))
        self.refused: dict[str, str] = dict(options.refusals.select("need", "code").iter_rows())
        measures = {measure for ways in self.ways.values() for measure, _ in ways}
        self.measures = _by_name(measures, names)
        self.site_names = _by_name(self.sites, names)
        self.types = _by_name({row["service_type"] for row in self.needs.values()}, names)
        self.communities = _by_name({row["community"] for row in self.needs.values()}, names)
        places = dict(book.table("neighbourhoods").select("id", "name").iter_rows())
        self.neighbourhoods = _by_name({row["neighbourhood"] or "" for row in self.needs.values()}, places)

    def refuse(self, row: int, name: str, value: str, *words: str) -> None:
        self.faults.append(_fault(self.path, row, HEADERS[name][0], value, *words))

    def line(self, row: int, cells: Mapping[str, str]) -> ListLine | None:
        """A line of the list; None for one that names nothing (such as a total) or names something in vain."""
        before = len(self.faults)
        site = self._code(row, "site", cells, self.site_names)
        need = cells.get("need", "") or self._need(row, cells)
        if not need and not site:
            return None
        year = self._year(row, cells.get("year", ""))
        if not need:
            return ListLine(row, "", "", None, site, cells.get("basis", "")) if len(self.faults) == before else None
        measure = self._code(row, "measure", cells, self.measures)
        if len(self.faults) == before:
            self._possible(row, need, measure, year)
        return ListLine(row, need, measure, year, site, cells.get("basis", "")) if len(self.faults) == before else None

    def _code(self, row: int, name: str, cells: Mapping[str, str], known: Mapping[str, str]) -> str:
        value = cells.get(name, "")
        if not value or value in known:
            return known.get(value, "")
        near = nearest(value, sorted(known))
        self.refuse(row, name, value, "清单簿里没有这一项，或它不能用于任何需求", "the book has no such thing, or it serves no need",
                    f"是否要写 {near}" if near else "改为清单簿里有的",
                    f"perhaps {near} is meant" if near else "write one that the book has")  # fmt: skip
        return ""

    def _year(self, row: int, value: str) -> int | None:
        digits = value.removesuffix(".0").removesuffix("年")
        if not digits:
            return None
        if digits.isascii() and digits.isdigit():
            return int(digits)
        self.refuse(row, "year", value, "不是年份", "not a year", "写四位数字", "write four digits")
        return None

    def _need(self, row: int, cells: Mapping[str, str]) -> str:
        """The one need of a community (and neighbourhood) and service type."""
        if not cells.get("community") or not cells.get("service_type"):
            return ""
        before = len(self.faults)
        community = self._code(row, "community", cells, self.communities)
        service = self._code(row, "service_type", cells, self.types)
        home = self._code(row, "neighbourhood", cells, self.neighbourhoods)
        if len(self.faults) > before:
            return ""
        fitting = [
            name
            for name, need in self.needs.items()
            if (need["community"], need["service_type"]) == (community, service)
            and (not home or need["neighbourhood"] == home)
        ]
        if len(fitting) == 1:
            return fitting[0]
        told = "、".join(fitting[:4])
        zh, en = ("有几条这样的需求", "several needs fit") if fitting else ("没有这样的未解决需求", "no open need fits")
        self.refuse(row, "service_type", cells["service_type"], zh, en,
                    f"在“需求”列写明编号：{told}" if fitting else "改正或删去这一行",
                    f"name the need: {told}" if fitting else "correct or delete this line")  # fmt: skip
        return ""

    def _possible(self, row: int, need: str, measure: str, year: int | None) -> None:
        if need not in self.needs:
            zh, en = ("这条需求不在可安排之列（已达标、已在实施或属一般整治）", "this need is not open to planning") \
                if need in self.known_needs else ("清单簿里没有这条需求", "the book has no such need")  # fmt: skip
            near = nearest(need, sorted(self.needs))
            self.refuse(
                row,
                "need",
                need,
                zh,
                en,
                f"是否要写 {near}" if near else "删去这一行",
                f"perhaps {near} is meant" if near else "delete this line",
            )
            return
        ways = self.ways.get(need, set())
        if not ways:
            code = self.refused.get(need, "")
            self.refuse(row, "need", need, f"这条需求没有任何可行的做法（{code}）", f"nothing can be done for this need ({code})",
                        "见 qingdan match 给出的原因", "qingdan match says why")  # fmt: skip
            return
        told = "、".join(f"{which}（{when}年）" for which, when in sorted(ways)[:6])
        if measure and measure not in {which for which, _ in ways}:
            self.refuse(
                row,
                "measure",
                measure,
                "这条需求不能用这项措施",
                "this measure does not serve the need",
                f"可用：{told}",
                f"possible: {told}",
            )
        elif year is not None and not any(when == year and measure in ("", which) for which, when in ways):
            self.refuse(
                row,
                "year",
                str(year),
                "这一年不能开工",
                "it cannot start in this year",
                f"可用：{told}",
                f"possible: {told}",
            )


def _by_name(codes: Iterable[str], names: Mapping[str, str]) -> dict[str, str]:
    """Codes by themselves and by their names, where a name stands for one code alone."""
    codes = sorted(code for code in codes if code)
    named = [names.get(code, "") for code in codes]
    single = {name: code for code, name in zip(codes, named, strict=True) if name and named.count(name) == 1}
    return {**single, **{code: code for code in codes}}


def rules_of_list(lines: Iterable[ListLine], book: Book, options: Options, *, source: str) -> tuple[Rule, ...]:
    """Pins for every line and forbids for all else, with the list as their basis.

    Sites are held to the list only where it names any. Emergency handling is no matter of lists: what must be dealt
    with is dealt with, and a line that names it is passed over.
    """
    ways: dict[str, set[tuple[str, int]]] = {name: set() for name in options.needs["id"].to_list()}
    needs = options.needs["id"].to_list()
    normal = options.options.filter(pl.col("variant") // EMERGENCY % 2 == 0)
    for number, measure, year in normal.select("need", "measure", "year").unique().iter_rows():
        ways[needs[number]].add((measure, year))
    lines = [line for line in lines if not line.measure or line.measure in {which for which, _ in ways[line.need]}]
    rules: list[Rule] = []
    for line in lines:
        if line.need:
            rules.append(
                PinRule(
                    kind="pin", name=f"清单第{line.row}行", needs=(line.need,),
                    measures=(line.measure,) if line.measure else (), years=(line.year,) if line.year else (),
                    reason="列入清单", basis=line.basis or source,
                )
            )  # fmt: skip
    named_sites = sorted({line.site for line in lines if line.site})
    if named_sites:
        rules.append(
            PinRule(kind="pin", name="清单所列用房用地", sites=tuple(named_sites), reason="列入清单", basis=source)
        )
    rules += _rest(lines, ways, named_sites, book, source)
    return tuple(rules)


def _rest(
    lines: list[ListLine], ways: Mapping[str, set[tuple[str, int]]], sites: list[str], book: Book, source: str
) -> list[Rule]:
    listed: dict[str, list[ListLine]] = {}
    for line in lines:
        if line.need:
            listed.setdefault(line.need, []).append(line)
    rules: list[Rule] = []

    def forbid(name: str, **what: Any) -> None:
        rules.append(ForbidRule(kind="forbid", name=name, reason="不在清单之列", basis=source, **what))

    others = tuple(sorted(need for need in ways if need not in listed))
    if others:
        forbid("清单以外的需求", needs=others)
    by_measures: dict[tuple[str, ...], list[str]] = {}
    by_years: dict[tuple[int, ...], list[str]] = {}
    for need, mine in listed.items():
        other = _not_named({which for which, _ in ways[need]}, [line.measure for line in mine])
        if other:
            by_measures.setdefault(other, []).append(need)
        late = _not_named({when for _, when in ways[need]}, [line.year for line in mine])
        if late:
            by_years.setdefault(late, []).append(need)
    for number, (measures, mine_needs) in enumerate(sorted(by_measures.items()), start=1):
        forbid(f"清单以外的措施（{number}）", needs=tuple(mine_needs), measures=measures)
    for number, (years, mine_needs) in enumerate(sorted(by_years.items()), start=1):
        forbid(f"清单以外的年份（{number}）", needs=tuple(mine_needs), years=years)
    unused = tuple(sorted(site for site in book.table("sites")["id"].to_list() if sites and site not in sites))
    if unused:
        forbid("清单以外的用房用地", sites=unused)
    return rules


def _not_named(possible: set[Any], named: list[Any]) -> tuple[Any, ...]:
    """What is possible beside what lines name; nothing where a line leaves it open."""
    return tuple(sorted(possible - set(named))) if all(named) else ()
