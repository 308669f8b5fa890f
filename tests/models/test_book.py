"""What a book promises: one digest for the same data, whole files or none, coordinates in one datum."""

import pickle
from pathlib import Path

import polars as pl
import pytest
from qingdan.models.book import Book, new_book, parse_sums, read_book, split, write_book
from qingdan.models.datum import wgs_to_gcj
from qingdan.models.faults import BookError
from qingdan.models.settings import BookSettings, settings_of
from qingdan.models.tables import TABLES, reference_markdown
from small_book import FILES, SETTINGS, write_small_book

ROOT = Path(__file__).parents[2]


@pytest.fixture
def book(tmp_path: Path) -> Book:
    """The small book."""
    return read_book(write_small_book(tmp_path / "small"))


def plain_settings() -> BookSettings:
    """The least that book.toml must say."""
    settings, faults = settings_of({"title": "空簿", "plan_years": [2027], "as_of": "2026-01-01", "data_kind": "real"})
    assert settings and not faults
    return settings


def test_every_table_is_there_with_its_types(tmp_path: Path) -> None:
    """A table that the book leaves out is an empty frame of the right columns and types."""
    full = read_book(write_small_book(tmp_path / "full"))
    part = read_book(write_small_book(tmp_path / "part", without=("payments", "projects", "listings")))
    assert list(part.tables) == list(TABLES)
    assert part.table("payments").is_empty()
    assert part.table("projects").schema == full.table("projects").schema
    assert full.table("sites").schema["conversion_cost"] == pl.Int64
    assert full.table("sites").schema["lift"] == pl.Boolean
    assert full.years == (2027, 2028)


def test_digest_does_not_depend_on_order_or_form(book: Book, tmp_path: Path) -> None:
    """Rows in another order, columns in another order and language, or a workbook: the same digest."""
    rows = FILES["neighbourhoods"].splitlines()
    write_small_book(tmp_path / "other")
    (tmp_path / "other" / "neighbourhoods.csv").write_text(
        "\n".join([rows[0], rows[2], rows[1]]) + "\n", encoding="utf-8"
    )
    payers = "名称,编号,level,地区代码,后续支出上限_2027,debt_quota\n东湖区,P1,县区,360102,10.0,500\n".replace(
        "编号", "主体编号"
    )
    (tmp_path / "other" / "payers.csv").write_text(payers, encoding="utf-8")
    write_book(book, tmp_path / "sheet.xlsx")
    assert read_book(tmp_path / "other").digest() == book.digest() == read_book(tmp_path / "sheet.xlsx").digest()


def test_digest_sees_every_change(book: Book) -> None:
    """One cell or one setting changed is another book."""
    dearer = book.table("sites").with_columns(pl.col("rent") + 1)
    other = Book(book.settings.model_copy(update={"seed": 1}), book.tables)
    assert len({book.digest(), book.with_table("sites", dearer).digest(), other.digest()}) == 3


def test_a_table_is_replaced_in_a_copy(book: Book) -> None:
    """The book itself stays; columns that are not given are empty; unknown ones are an error."""
    changed = book.with_table("payers", pl.DataFrame({"id": ["P9"], "name": ["某县"], "level": ["county"]}))
    assert book.table("payers")["id"].to_list() == ["P1"]
    assert changed.table("payers").schema == book.table("payers").schema
    assert changed.table("payers")["debt_quota"].to_list() == [None]
    with pytest.raises(ValueError, match="colour"):
        book.with_table("payers", pl.DataFrame({"id": ["P9"], "colour": ["red"]}))


def test_lists_and_sums_come_apart() -> None:
    """A `;`-joined cell gives its entries, an empty one none; sums are exact decimals."""
    assert split(pl.Series(["a;b", None, "c"])).to_list() == [["a", "b"], [], ["c"]]
    assert {key: str(value) for key, value in parse_sums("F15=13.5;F04=1").items()} == {"F15": "13.5", "F04": "1"}
    assert parse_sums(None) == {}


def test_map_coordinates_become_wgs84_once(tmp_path: Path) -> None:
    """A book in GCJ-02 is converted on reading, says so, and is not moved again when it is read back."""
    folder = write_small_book(tmp_path / "book")
    (folder / "book.toml").write_text(SETTINGS.replace("CGCS2000", "GCJ02"), encoding="utf-8")
    moved = read_book(folder)
    points = moved.table("communities").select("lon", "lat").to_numpy()
    assert moved.settings.datum == "WGS84" and moved.settings.converted_from == "GCJ02"
    assert 0.003 < 115.89 - points[0, 0] < 0.007
    back_lon, back_lat = wgs_to_gcj(points[:, 0], points[:, 1])
    assert back_lon == pytest.approx([115.89, 115.9], abs=2e-7) and back_lat == pytest.approx([28.68, 28.69], abs=2e-7)
    assert moved.table("facilities")["lon"].to_list()[1] is None
    write_book(moved, tmp_path / "again")
    assert read_book(tmp_path / "again").digest() == moved.digest()


def test_a_book_is_written_whole_or_not_at_all(book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writing that breaks off leaves the old book as it was and nothing beside it."""
    write_book(book, tmp_path / "kept")
    before = book.digest()

    def breaks(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    changed = book.with_table("listings", book.table("listings").head(0))
    monkeypatch.setattr(pl.DataFrame, "write_csv", breaks)
    with pytest.raises(BookError, match="No space left"):
        write_book(changed, tmp_path / "kept")
    monkeypatch.undo()
    assert read_book(tmp_path / "kept").digest() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "small"]


def test_a_folder_that_is_no_book_is_never_replaced(book: Book, tmp_path: Path) -> None:
    """Neither a folder of other things nor another workbook is written over; what lies in a book's folder stays."""
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("keep")
    (tmp_path / "other.xlsx").write_text("keep")
    for name in ("letters", "other.xlsx"):
        with pytest.raises(BookError, match="no book"):
            write_book(book, tmp_path / name)
    assert (tmp_path / "letters" / "a.txt").read_text() == (tmp_path / "other.xlsx").read_text() == "keep"
    write_book(book, tmp_path / "mine")
    (tmp_path / "mine" / "notes").mkdir()
    (tmp_path / "mine" / "notes" / "a.txt").write_text("keep")
    write_book(book.with_table("listings", book.table("listings").head(0)), tmp_path / "mine")
    assert (tmp_path / "mine" / "notes" / "a.txt").read_text() == "keep"
    assert not (tmp_path / "mine" / "listings.csv").exists()


def test_a_new_book_can_be_read_as_it_is(tmp_path: Path) -> None:
    """An empty book has the headers of all tables, in either form, and no fault."""
    for name in ("book", "book.xlsx"):
        new_book(tmp_path / name, settings=plain_settings())
        empty = read_book(tmp_path / name)
        assert empty.settings == plain_settings()
        assert all(frame.is_empty() for frame in empty.tables.values())
    new_book(tmp_path / "today")
    assert len(read_book(tmp_path / "today").years) == 3
    header = (tmp_path / "book" / "funds.csv").read_text(encoding="utf-8")
    assert header.startswith("id,fund_type,") and "budget_2027" in header
    assert "# " in (tmp_path / "book" / "book.toml").read_text(encoding="utf-8")


def test_the_reference_of_the_book_is_up_to_date() -> None:
    """docs/reference/book.md says what the program reads today."""
    assert (ROOT / "docs" / "reference" / "book.md").read_text(encoding="utf-8") == reference_markdown()


def test_no_two_columns_of_a_table_have_one_name() -> None:
    """Every header, Chinese or English, means one column only, and every choice one code."""
    for table in TABLES.values():
        for names in ([column.name for column in table.columns], [column.name_zh for column in table.columns]):
            assert len(set(names)) == len(names), table.name
        for column in table.columns:
            assert len(set(column.choices.values())) == len(column.choices), (table.name, column.name)
            assert not any(mark in label for label in column.choices.values() for mark in ";\n")
            assert column.refers == "" or column.refers in TABLES


def test_a_book_can_be_sent_to_another_process(book: Book) -> None:
    """Pickled and unpickled, it is the same book."""
    assert pickle.loads(pickle.dumps(book)).digest() == book.digest()
