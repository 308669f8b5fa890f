"""What only shows between cells: repeated identifiers, references, orders, places and points."""

from collections.abc import Iterator, Mapping

import polars as pl

from .datum import CHINA
from .faults import Fault
from .raw_tables import ROW
from .settings_help import nearest
from .tables import TABLES, Column, Table, fund_type_choices, packaged_rows

Frames = Mapping[str, pl.DataFrame]

CATALOGUE = ("service_types", "measures", "uses")
"""Tables whose rows add to the packaged ones, or replace them."""

_MOST_COMPARED = 2_000  # with more known names than this, no nearest one is searched

_PATTERNS = {
    ("communities", "city_code"): (r"^[0-9]{4}$", "设区市代码为4位数字", "4 digits"),
    ("communities", "county_code"): (r"^[0-9]{6}$", "县区代码为6位数字", "6 digits"),
    ("communities", "street_code"): (r"^[0-9]{9}$", "街道代码为9位数字", "9 digits"),
    ("sites", "county_code"): (r"^[0-9]{6}$", "县区代码为6位数字", "6 digits"),
    ("payers", "place"): (r"^([0-9]{2}|[0-9]{4}|[0-9]{6})$", "省2位、市4位或县区6位数字", "2, 4 or 6 digits"),
}

_ORDERS = (
    ("communities", "elders_80p", "elders_65p"),
    ("communities", "elders_65p", "elders_60p"),
    ("communities", "elders_60p", "population"),
    ("communities", "children", "population"),
    ("communities", "disabled", "population"),
    ("consultations", "answered", "asked"),
    ("consultations", "notice_from", "notice_to"),
    ("sites", "free_from", "free_until"),
    ("sites", "floor", "floors"),
    ("measures", "capex_wan_per_unit_low", "capex_wan_per_unit_typ"),
    ("measures", "capex_wan_per_unit_typ", "capex_wan_per_unit_high"),
    ("projects", "planned_start", "planned_finish"),
    ("projects", "actual_start", "actual_finish"),
)
"""Pairs of columns of which the first may not be above the second, where both are filled in."""


def repeated_ids(table: Table, frame: pl.DataFrame) -> Iterator[Fault]:
    """Every row whose identifier stands in an earlier row."""
    known = frame.filter(pl.col("id").is_not_null()).select("id", ROW)
    first = pl.col(ROW).min().over("id").alias("first")
    for name, row, earlier in known.with_columns(first).filter(pl.col(ROW) != pl.col("first")).iter_rows():
        yield Fault(
            table.name, row, "id", name, f"与第{earlier}行的编号重复", f"the same identifier as row {earlier}",
            "改用另一个编号，或删去一行", "use another identifier, or delete one of the rows",
        )  # fmt: skip


def broken_references(table: Table, frames: Frames, lost: frozenset[str]) -> Iterator[Fault]:
    """Identifiers that the table they refer to does not have."""
    frame = frames[table.name]
    for column in table.columns:
        if column.refers and column.refers not in lost and column.name in frame.columns:
            entries = _entries(frame, column)
            if entries.height == 0:
                continue
            known = frames[column.refers]["id"].drop_nulls()
            if column.refers in CATALOGUE:
                known = pl.concat([known, pl.Series("id", packaged_ids(column.refers), dtype=pl.String)])
            elif known.is_empty():
                yield _no_table(table, column, entries)
                continue
            yield from _unknown(table, column, entries, known, TABLES[column.refers])
    if table.name == "funds":
        column = table.column("exclusive_with")
        known = pl.concat([frame["id"].drop_nulls(), pl.Series("id", list(fund_type_choices()))])
        yield from _unknown(table, column, _entries(frame, column), known, table)


def packaged_ids(name: str) -> list[str]:
    """The identifiers of a catalogue table that ships with the package."""
    return [row["id"] for row in packaged_rows(name)]


def _entries(frame: pl.DataFrame, column: Column) -> pl.DataFrame:
    cells = frame.select(ROW, pl.col(column.name).alias("entry")).drop_nulls("entry")
    if column.kind in ("refs", "list", "sums"):
        cells = cells.with_columns(pl.col("entry").str.split(";")).explode("entry")
    if column.kind == "sums":
        cells = cells.with_columns(pl.col("entry").str.split("=").list.first())
    return cells


def _no_table(table: Table, column: Column, entries: pl.DataFrame) -> Fault:
    target = TABLES[column.refers]
    row, entry = entries.select(ROW, "entry").row(0)
    return Fault(
        table.name, row, column.name, entry,
        f"引用{target.name_zh}表，而该表没有内容(共{entries.height}处)",
        f"refers to the table {target.name}, which has no rows ({entries.height} such cells)",
        f"填写{target.name_zh}表，或清空这一列", f"fill in the table {target.name}, or clear this column",
    )  # fmt: skip


def _unknown(table: Table, column: Column, entries: pl.DataFrame, known: pl.Series, target: Table) -> Iterator[Fault]:
    wrong = entries.join(known.unique().alias("entry").to_frame(), on="entry", how="anti", maintain_order="left")
    near: dict[str, str] = {}
    names = known.to_list() if wrong.height and len(known) <= _MOST_COMPARED else []
    for row, entry in wrong.select(ROW, "entry").iter_rows():
        if entry not in near:
            near[entry] = nearest(entry, names)
        maybe_zh, maybe_en = (f"是否“{near[entry]}”？", f"perhaps {near[entry]}; ") if near[entry] else ("", "")
        yield Fault(
            table.name, row, column.name, entry, f"{target.name_zh}表中没有“{entry}”", f"{target.name} has no {entry}",
            f"{maybe_zh}改正，或先在{target.name_zh}表中登记", f"{maybe_en}correct it, or enter it in {target.name} first",
        )  # fmt: skip


def wrong_orders(table: Table, frame: pl.DataFrame) -> Iterator[Fault]:
    """Pairs of cells of which the first may not be above the second."""
    for name, low, high in _ORDERS:
        if name == table.name:
            for row, first, second in frame.filter(pl.col(low) > pl.col(high)).select(ROW, low, high).iter_rows():
                high_zh = table.header_zh(high)
                yield Fault(
                    name, row, low, str(first), f"大于{high_zh}({second})", f"above {high} ({second})",
                    f"改正{table.header_zh(low)}或{high_zh}", f"correct {low} or {high}",
                )  # fmt: skip


def wrong_codes(table: Table, frame: pl.DataFrame) -> Iterator[Fault]:
    """Codes of places that do not look like one, and places that do not lie in one another."""
    for (name, column), (pattern, wanted_zh, wanted_en) in _PATTERNS.items():
        if name == table.name:
            wrong = frame.filter(~pl.col(column).str.contains(pattern))
            for row, value in wrong.select(ROW, column).iter_rows():
                yield Fault(
                    name, row, column, value, "代码位数不对", "not a code of a place", wanted_zh, f"write {wanted_en}"
                )
    if table.name == "communities":
        for low, high in (("county_code", "city_code"), ("street_code", "county_code")):
            shaped = pl.col(high).str.contains(_PATTERNS[table.name, high][0])
            wrong = frame.filter(shaped & ~pl.col(low).str.starts_with(pl.col(high)))
            for row, inner, outer in wrong.select(ROW, low, high).iter_rows():
                yield Fault(
                    table.name, row, low, inner, f"不在{table.header_zh(high)} {outer} 之内", f"not within {high} {outer}",
                    "两个代码改为一致", "make the two codes agree",
                )  # fmt: skip
    if "places" in frame.columns:
        entries = _entries(frame, table.column("places"))
        for row, entry in entries.filter(~pl.col("entry").str.contains(r"^([0-9]{2}|[0-9]{4}|[0-9]{6})$")).iter_rows():
            yield Fault(
                table.name, row, "places", entry, "不是地区代码", "not the code of a place",
                "省2位、市4位或县区6位数字，分号分隔", "write codes of 2, 4 or 6 digits parted by ;",
            )  # fmt: skip
        for row, entry in entries.filter(pl.col("entry").str.contains(r"^[0-9]{4}00$|^[0-9]{2}00$")).iter_rows():
            short = entry.rstrip("0") if len(entry) == 4 else entry[:4]
            yield Fault(
                table.name, row, "places", entry, "市代码应为4位、省代码应为2位", "a city has 4 digits, a province 2",
                f"改为 {short}", f"write {short}",
            )  # fmt: skip


def wrong_homes(table: Table, frames: Frames) -> Iterator[Fault]:
    """Neighbourhoods that belong to another community than the row says."""
    frame = frames[table.name]
    if "neighbourhood" not in frame.columns or "community" not in frame.columns:
        return
    homes = frames["neighbourhoods"].select(pl.col("id").alias("neighbourhood"), pl.col("community").alias("home"))
    pairs = frame.select(ROW, "community", "neighbourhood").drop_nulls()
    pairs = pairs.join(
        frames["communities"].select(pl.col("id").alias("community")).unique(), on="community", how="semi"
    )
    joined = pairs.join(
        homes.drop_nulls().unique("neighbourhood"), on="neighbourhood", how="inner", maintain_order="left"
    )
    for row, community, neighbourhood, home in joined.filter(pl.col("home") != pl.col("community")).iter_rows():
        yield Fault(
            table.name, row, "neighbourhood", neighbourhood,
            f"该小区属于社区 {home}，这一行写的是 {community}", f"it belongs to {home}, while the row says {community}",
            "改正社区或小区", "correct the community or the neighbourhood",
        )  # fmt: skip


def wrong_points(table: Table, frame: pl.DataFrame, box: tuple[float, float, float, float]) -> Iterator[Fault]:
    """Points outside the region, with one coordinate only, or with longitude and latitude the wrong way round."""
    if "lon" not in frame.columns:
        return
    west, east, south, north = box
    place_zh, place_en = ("全国", "China") if box == CHINA else ("江西省", "Jiangxi")
    optional = not table.column("lon").required
    points = frame.select(ROW, "lon", "lat")
    inside = pl.col("lon").is_between(west, east) & pl.col("lat").is_between(south, north)
    for row, lon, lat in points.filter(~inside.fill_null(False)).iter_rows():
        if lon is None or lat is None:
            if optional and (lon is not None or lat is not None):
                name = "lat" if lat is None else "lon"
                yield Fault(
                    table.name, row, name, "", "只填了经纬度中的一个", "only one of longitude and latitude is given",
                    "两个都填，或都留空", "fill in both, or neither",
                )  # fmt: skip
            continue
        if CHINA[2] <= lon <= CHINA[3] and CHINA[0] <= lat <= CHINA[1]:
            yield Fault(
                table.name, row, "lon", str(lon), "经度与纬度写反了", "longitude and latitude are swapped",
                f"经度改为 {lat}，纬度改为 {lon}", f"write {lat} as longitude and {lon} as latitude",
            )  # fmt: skip
            continue
        for name, value, low, high in (("lon", lon, west, east), ("lat", lat, south, north)):
            if not low <= value <= high:
                yield Fault(
                    table.name, row, name, str(value), f"不在{place_zh}范围内", f"outside {place_en}",
                    f"{table.header_zh(name)}应在 {low:g} 至 {high:g} 之间；外省清单簿请在 book.toml 的 region 写明地区代码",
                    f"write {low:g} to {high:g}; for another province name it in region of book.toml",
                )  # fmt: skip


def wrong_measures(table: Table, frame: pl.DataFrame) -> Iterator[Fault]:
    """Payment profiles that do not add up to 100, and uses whose identifier is not made of their parts."""
    if table.name == "measures":
        for row, profile in frame.select(ROW, "spend_profile").drop_nulls().iter_rows():
            parts = profile.split("/")
            if not all(part.isascii() and part.isdigit() for part in parts) or sum(map(int, parts)) != 100:
                yield Fault(
                    table.name, row, "spend_profile", profile, "各年百分比之和不是100", "the percentages do not add up to 100",
                    "写成 60/37/3 这样，合计100", "write it like 60/37/3, 100 in all",
                )  # fmt: skip
    if table.name == "uses":
        made = pl.col("site_use") + "|" + pl.col("service_type")
        for row, name, wanted in frame.select(ROW, "id", made.alias("made")).drop_nulls().iter_rows():
            if name != wanted:
                yield Fault(
                    table.name, row, "id", name, "编号与用途和服务类型不符", "it does not match the use and the service type",
                    f"改为 {wanted}", f"write {wanted}",
                )  # fmt: skip
