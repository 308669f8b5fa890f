"""A book as a workbook holds the same as the folder, and is comfortable to fill in."""

import datetime
import re
import zipfile
from pathlib import Path
from typing import Any

import fastexcel
import polars as pl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qingdan.models.book import Book, new_book, read_book, write_book
from qingdan.models.faults import BookError
from qingdan.models.settings import BookSettings, settings_of
from qingdan.models.tables import TABLES, Column
from small_book import write_small_book


def sheets(path: Path) -> dict[str, pl.DataFrame]:
    """Every sheet of a workbook as text."""
    reader = fastexcel.read_excel(path)
    found = {}
    for name in reader.sheet_names:
        found[name] = reader.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_polars()
    return found


def assert_same(first: Book, second: Book) -> None:
    """Frames, settings, rules and digest are equal."""
    for name, frame in first.tables.items():
        assert frame.equals(second.table(name)), name
    assert (second.settings, second.scenario_text, second.digest()) == (
        first.settings, first.scenario_text, first.digest(),
    )  # fmt: skip


def test_folder_to_workbook_and_back_loses_nothing(tmp_path: Path) -> None:
    """CSV, workbook and CSV again are one book."""
    first = read_book(write_small_book(tmp_path / "one"))
    assert all(frame.height for frame in first.tables.values())
    write_book(first, tmp_path / "two.xlsx")
    second = read_book(tmp_path / "two.xlsx")
    assert_same(first, second)
    write_book(second, tmp_path / "three")
    assert_same(first, read_book(tmp_path / "three"))


def test_a_person_sees_chinese_headers_labels_and_an_explanation(tmp_path: Path) -> None:
    """Headers and codes are Chinese, yes and no are 是 and 否, and 说明 explains every column."""
    write_book(read_book(write_small_book(tmp_path / "one")), tmp_path / "two.xlsx")
    seen = sheets(tmp_path / "two.xlsx")
    assert [name for name in seen if name != "字典"] == [
        "说明", "簿", *(table.name_zh for table in TABLES.values()), "政策约束",
    ]  # fmt: skip
    funds = seen["资金"]
    assert "预算_2027" in funds.row(0) and "中央财政城镇保障性安居工程补助(老旧小区)" in funds.row(1)
    assert "韧性;设施" in funds.row(1)
    assert "否" in seen["设施底数"].row(2) and "有而不够" in seen["需求清单"].row(2)
    explained = {(row[0], row[2]) for row in seen["说明"].iter_rows()}
    assert {(table.name_zh, column.name) for table in TABLES.values() for column in table.columns} <= explained
    assert any("模拟数据（非真实）" in str(row[0]) for row in seen["说明"].iter_rows())


def test_codes_are_chosen_from_drop_downs(tmp_path: Path) -> None:
    """Every code and yes/no column has a drop-down; long lists stand on a hidden sheet of choices."""
    chosen, _ = settings_of({"title": "空", "plan_years": [2027, 2028], "as_of": "2026-01-01", "data_kind": "real"})
    assert chosen
    new_book(tmp_path / "new.xlsx", settings=chosen)
    wanted = sum(column.kind in ("code", "yesno") for table in TABLES.values() for column in table.columns)
    with zipfile.ZipFile(tmp_path / "new.xlsx") as parts:
        texts = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
        book = parts.read("xl/workbook.xml").decode()
    assert sum(len(re.findall("<dataValidation ", text)) for text in texts) == wanted
    assert "<definedName" in book and 'name="字典" sheetId="20" state="hidden"' in book
    assert sum('state="frozen"' in text for text in texts) == len(TABLES) + 2
    lists = [found for text in texts for found in re.findall(r'<formula1>"(.*?)"</formula1>', text)]
    assert lists and max(map(len, lists)) <= 255


def test_a_workbook_filled_in_by_hand_is_read(tmp_path: Path) -> None:
    """Numbers, dates and truth values as Excel keeps them, an empty row, English headers and Chinese labels."""
    with xlsxwriter.Workbook(tmp_path / "hand.xlsx") as book:
        day = book.add_format({"num_format": "yyyy/m/d"})
        told = book.add_worksheet("簿")
        told.write_row(0, 0, ("键", "名称", "值"))
        for row, (name, value) in enumerate(
            (("名称", "手填"), ("规划年份", "2027;2028"), ("数据截止日", None), ("数据性质", "real")), start=1
        ):
            told.write_row(row, 1, (name, value))
        told.write_datetime(3, 2, datetime.date(2026, 1, 1), day)
        sheet = book.add_worksheet("payments")
        sheet.write_row(0, 0, ("id", "项目", "资金", "budget_year", "日期", "类别", "amount_fen"))
        projects = book.add_worksheet("项目台账")
        projects.write_row(0, 0, ("项目编号", "项目名称", "项目库", "造价", "实际完工"))
        projects.write_row(2, 0, ("J1", "改造", "完工", 951219.4653))
        projects.write_datetime(2, 4, datetime.date(2026, 5, 4), day)
        sites = book.add_worksheet("闲置用房用地")
        sites.write_row(0, 0, ("id", "name", "kind", "use", "county_code", "lon", "lat", "area", "lift", "free_from"))
        sites.write_row(1, 0, ("L1", "房", "用房", "底商", 360102, 115.9, 28.7, 100, True, 2027))
        book.add_worksheet("Sheet1")
    read = read_book(tmp_path / "hand.xlsx")
    assert read.years == (2027, 2028) and read.settings.as_of == datetime.date(2026, 1, 1)
    assert read.table("projects").select("cost", "actual_finish", "store").row(0) == (
        9512194653,
        datetime.date(2026, 5, 4),
        "finished",
    )
    assert read.table("sites").select("county_code", "lift", "free_from").row(0) == ("360102", True, 2027)


def test_faults_of_a_workbook_name_its_rows(tmp_path: Path) -> None:
    """A formula that fails, a wrong cell, an unknown sheet and a wrong setting are found in one reading."""
    with xlsxwriter.Workbook(tmp_path / "bad.xlsx") as book:
        told = book.add_worksheet("簿")
        for row, cells in enumerate((("title", "", "坏"), ("plan_years", "", "2027;二〇二八"), ("as_of", "", "2026-01-01"),
                                     ("data_kind", "", "real"), ("seeed", "", "1"))):  # fmt: skip
            told.write_row(row, 0, cells)
        payers = book.add_worksheet("支付主体")
        payers.write_row(0, 0, ("主体编号", "名称", "层级", "地区代码", "债务限额"))
        payers.write_row(2, 0, ("P1", "某县", "县", "360102"))
        payers.write_formula(2, 4, "=1/0", None, "#DIV/0!")
        book.add_worksheet("资金表").write_string(0, 0, "id")
    with pytest.raises(BookError) as caught:
        read_book(tmp_path / "bad.xlsx")
    places = [(fault.table, fault.row, fault.column) for fault in caught.value.faults]
    assert places == [
        ("book.toml", 2, "plan_years"), ("book.toml", 5, "seeed"), ("payers", 3, "债务限额"), ("payers", 3, "level"),
        ("资金表", 0, ""),
    ]  # fmt: skip
    assert "#DIV/0!" in str(caught.value)


def test_what_a_cell_cannot_hold_is_refused_before_writing(tmp_path: Path) -> None:
    """A text longer than a cell is a fault, not a text cut off."""
    book = read_book(write_small_book(tmp_path / "one"))
    long = book.table("operators").with_columns(note=pl.lit("长" * 40_000))
    with pytest.raises(BookError, match="longer than a cell"):
        write_book(book.with_table("operators", long), tmp_path / "two.xlsx")
    assert not (tmp_path / "two.xlsx").exists()


LETTERS = st.characters(blacklist_categories=("Cs", "Cc", "Cn"), blacklist_characters="\ufffe\uffff") | st.sampled_from(
    "\n\t=+-@'\",;0_x"
)
TEXTS = st.text(LETTERS, min_size=1, max_size=60).map(str.strip).filter(bool)
TEXTS = TEXTS | st.sampled_from(
    ["=1+1", "007", "1e5", "TRUE", "2027-01-01", "_x0041_", "\"'", "#REF!", "长" * 5000, 'a,b\n"c"']
)


def cells(column: Column) -> st.SearchStrategy[Any]:
    """Any value that a column may hold."""
    low, high = column.low or 0, column.high if column.high is not None else 1e9
    match column.kind:
        case "text":
            return TEXTS
        case "int" | "year":
            return st.integers(int(low), int(high))
        case "money":
            return st.integers(int(low) * 10_000, int(high) * 10_000)
        case "number":
            return st.floats(low, high, allow_subnormal=False).map(lambda value: value + 0.0)
        case "percent":
            return st.integers(100, 10_000).map(lambda value: value / 100)
        case "yesno":
            return st.booleans()
        case "date":
            return st.dates(datetime.date(1900, 1, 1), datetime.date(2200, 12, 31))
        case "code":
            return st.sampled_from(sorted(column.choices))
        case _:
            return st.none()


@st.composite
def books(draw: st.DrawFn) -> dict[str, pl.DataFrame]:
    """Tables whose cells are free of each other, filled with whatever their kinds allow."""
    frames = {}
    for name in ("operators", "payers", "service_types", "policies"):
        table = TABLES[name]
        size = draw(st.integers(1, 3))
        columns: dict[str, list[Any]] = {}
        for title in table.names((2027,)):
            column = table.column(title)
            optional = cells(column) if column.required else st.none() | cells(column)
            columns[title] = draw(st.lists(optional, min_size=size, max_size=size))
        columns["id"] = [f"00{place}" for place in range(size)]
        if name == "operators":
            columns["service_types"] = ["F01;F02"] * size
        if name == "payers":
            columns["place"] = ["0123"] * size
        frames[name] = pl.DataFrame(columns, schema={title: table.column(title).dtype for title in columns})
    return frames


@given(frames=books())
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_any_cell_survives_both_forms(
    frames: dict[str, pl.DataFrame], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever stands in the cells, the folder and the workbook give it back unchanged."""
    place = tmp_path_factory.mktemp("any")
    told = BookSettings.model_validate(
        {
            "title": '"=1"',
            "plan_years": [2027],
            "as_of": "2026-01-01",
            "data_kind": "synthetic",
            "walking_factor": 1.3,
            "seed": 7,
        }
    )
    first = Book(told, frames)
    write_book(first, place / "folder")
    assert_same(first, read_book(place / "folder"))
    write_book(first, place / "sheet.xlsx")
    assert_same(first, read_book(place / "sheet.xlsx"))


def test_a_damaged_workbook_is_one_fault(tmp_path: Path) -> None:
    """A file cut off or with spoiled bytes is said to be damaged; nothing of it passes for a book."""
    write_book(read_book(write_small_book(tmp_path / "one")), tmp_path / "two.xlsx")
    whole = (tmp_path / "two.xlsx").read_bytes()
    middle = len(whole) // 2
    for spoiled in (whole[:middle], whole[:200], b"", whole[:middle] + b"\x00" * 40 + whole[middle + 40 :]):
        (tmp_path / "bad.xlsx").write_bytes(spoiled)
        with pytest.raises(BookError) as caught:
            read_book(tmp_path / "bad.xlsx")
        assert [fault.table for fault in caught.value.faults] == ["bad.xlsx"]


def test_synthetic_data_are_marked_on_every_printed_sheet(tmp_path: Path) -> None:
    """The header of every sheet says 模拟数据（非真实） where the data are made up, and the footer counts pages."""
    write_book(read_book(write_small_book(tmp_path / "one")), tmp_path / "two.xlsx")
    with zipfile.ZipFile(tmp_path / "two.xlsx") as parts:
        texts = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
    assert len(texts) == len(TABLES) + 4  # 说明, 簿, 政策约束, 字典
    assert all("模拟数据（非真实）</oddHeader>" in text and "第&amp;P页" in text for text in texts)
    seen = sheets(tmp_path / "two.xlsx")
    assert seen["政策约束"].row(0)[:2] == ("# 规则", "模拟数据（非真实）")
    assert "模拟数据（非真实）" in seen["字典"].row(0)


@pytest.mark.parametrize("text", ["\n\n# 规则\n", "# 规则\n\n# 完\n", "# 规则", "\n"])
def test_the_mark_beside_the_rules_changes_no_rule(tmp_path: Path, text: str) -> None:
    """A scenario comes back from a workbook as it does from a folder, with empty lines at its start or without."""
    book = read_book(write_small_book(tmp_path / "one"))
    book = Book(book.settings, dict(book.tables), text)
    write_book(book, tmp_path / "two.xlsx")
    write_book(book, tmp_path / "two")
    assert read_book(tmp_path / "two.xlsx").scenario_text == read_book(tmp_path / "two").scenario_text


@pytest.mark.parametrize("name", ["filled", "filled.xlsx"])
def test_an_empty_book_never_replaces_what_is_there(tmp_path: Path, name: str) -> None:
    """A slip of the finger does not cost a bureau its filled book."""
    path = tmp_path / name
    new_book(path)
    with pytest.raises(BookError, match="not replaced"):
        new_book(path)
