"""A user who mistypes anything in a book is told the table, the row, the column and what to write instead."""

from pathlib import Path

import pytest
from qingdan.models.book import read_book
from qingdan.models.faults import BookError, Fault
from small_book import FILES, write_small_book

# What is wrong, the file, the text that is replaced, what stands there instead, the row and column of the
# fault, and a word of the mend.
BROKEN = [
    ("text in a number cell", "communities", ",5000,", ",约500,", 2, "population", "500"),
    ("full-width digits", "communities", ",5000,", ",５０００,", 2, "population", "5000"),
    ("thousands separators", "communities", ",5000,", ',"5,000",', 2, "population", "5000"),
    ("a unit after the number", "communities", ",5000,", ",5000人,", 2, "population", "5000"),
    ("a fraction of a person", "communities", ",5000,", ",5000.5,", 2, "population", "whole number"),
    ("a number below its limit", "communities", ",5000,", ",-1,", 2, "population", "0 to 1000000"),
    ("a number above its limit", "communities", ",5000,", ",5000000,", 2, "population", "0 to 1000000"),
    ("scientific notation", "communities", ",5000,", ",5E+03,", 2, "population", "plain digits"),
    ("a required cell left empty", "communities", ",5000,", ",,", 2, "population", "population"),
    ("a name left empty", "communities", "甲社区", "", 2, "name", "name"),
    ("a code eaten by Excel", "communities", "360102001001,甲", "3.60102E+11,甲", 2, "id", "text format"),
    ("full-width digits in a code", "neighbourhoods", "X2,", "X２,", 3, "id", "X2"),
    ("a semicolon in an identifier", "neighbourhoods", "X2,", "X;2,", 3, "id", "leave those marks out"),
    ("a city code of 6 digits", "communities", "甲社区,3601,", "甲社区,360100,", 2, "city_code", "4 digits"),
    ("a county outside its city", "communities", "360102,东湖区,360102001,百花洲街道,115.89,", "360202,东湖区,,,115.89,",
     2, "county_code", "agree"),
    ("longitude and latitude swapped", "communities", "115.89,28.68,", "28.68,115.89,", 2, "lon", "write 115.89 as longitude"),
    ("a point in another province", "communities", "115.89,28.68,", "121.47,28.68,", 2, "lon", "113.5 to 118.5"),
    ("a latitude off the map", "communities", "115.89,28.68,", "115.89,88,", 2, "lat", "24.4 to 30.1"),
    ("one coordinate only", "facilities", "115.891,28.681", "115.891,", 2, "lat", "neither"),
    ("more old people than residents", "communities", ",600,900", ",600,9000", 2, "elders_60p", "population"),
    ("more very old than old people", "communities", ",600,900", ",950,900", 2, "elders_65p", "elders_60p"),
    ("an unknown code", "neighbourhoods", ",commodity,", ",comodity,", 3, "tenure", "commodity"),
    ("an unknown Chinese label", "neighbourhoods", "房改房", "房改", 2, "tenure", "房改房"),
    ("a year of two digits", "neighbourhoods", ",1995,", ",95,", 2, "built_year", "2027"),
    ("a year that is none", "neighbourhoods", ",1995,", ",1995年,", 2, "built_year", "1995"),
    ("a year too early", "neighbourhoods", ",1995,", ",1795,", 2, "built_year", "1900 to 2100"),
    ("an unknown service type", "neighbourhoods", "F15;R02", "F15;R2", 2, "renewed_types", "perhaps"),
    ("a full-width semicolon", "neighbourhoods", "F15;R02", "F15\uff1bR02", 2, "renewed_types", "F15;R02"),
    ("an unknown community", "facilities", "S1,360102001001", "S1,360102001009", 2, "community", "perhaps 36010200100"),
    ("a neighbourhood of another community", "facilities", "S1,360102001001", "S1,360102001002", 2, "neighbourhood", "correct"),
    ("neither yes nor no", "facilities", ",否,", ",无,", 3, "applicable", "是"),
    ("a date that does not exist", "facilities", "2026-03-01", "2026-02-30", 2, "surveyed", "2027-03-01"),
    ("a date in Chinese", "facilities", "2026-03-01", "2026年3月1日", 2, "surveyed", "2026-03-01"),
    ("a serial number for a date", "facilities", "2026-03-01", "46082", 2, "surveyed", "date format"),
    ("a severity of 9", "complaints", ",3,4,", ",3,9,", 2, "severity", "1 to 5"),
    ("a percent sign", "consultations", ",80.5,", ",80.5%,", 2, "agreeing_households", "80.5"),
    ("a fraction for a percentage", "consultations", ",80.5,", ",0.81,", 2, "agreeing_households", "81"),
    ("a percentage too fine", "consultations", ",80.5,", ",80.555,", 2, "agreeing_households", "2 decimals"),
    ("a percentage above 100", "consultations", ",80.5,", ",101,", 2, "agreeing_households", "0 to 100"),
    ("more answers than questions", "consultations", ",300,250,", ",300,350,", 2, "answered", "asked"),
    ("a notice that ends before it begins", "consultations", "2026-05-28", "2026-05-08", 2, "notice_from", "notice_to"),
    ("a level of 4", "needs", "none,0,1,1,", "none,4,1,1,", 2, "level", "0 to 3"),
    ("a room free from after until", "sites", "2027,2030", "2031,2030", 2, "free_from", "free_until"),
    ("a floor above the roof", "sites", "800.5,1,3,", "800.5,4,3,", 2, "floor", "floors"),
    ("money of less than a yuan", "sites", "12.3456", "12.34567", 2, "conversion_cost", "12.3457"),
    ("money as words", "sites", "12.3456", "待定", 2, "conversion_cost", "leave it empty"),
    ("negative money", "funds", ",100,80.5,", ",-100,80.5,", 2, "budget_2027", "0 to"),
    ("an unknown fund type", "funds", "CB_OLD", "CB_ODL", 2, "fund_type", "CB_OLD"),
    ("an unknown programme", "funds", "resilience;facilities", "resilience;facility", 2, "eligible_programmes", "facilities"),
    ("a place that is no code", "funds", "3601;360102", "南昌;360102", 2, "places", "digits"),
    ("a city of 6 digits", "funds", "3601;360102", "360100;360102", 2, "places", "write 3601"),
    ("an unknown fund to exclude", "funds", "M2;CI_OLD", "M9;CI_OLD", 2, "exclusive_with", "perhaps"),
    ("a sum that is no number", "funds", "F15=13.5;F04=1", "F15=多;F04=1", 3, "unit_sums", "key=value"),
    ("a sum without a key", "funds", "F15=13.5;F04=1", "13.5;F04=1", 3, "unit_sums", "key=value"),
    ("a sum of less than a yuan", "funds", "F15=13.5;F04=1", "F15=13.55555;F04=1", 3, "unit_sums", "key=value"),
    ("a sum given twice", "funds", "F15=13.5;F04=1", "F15=13.5;F15=1", 3, "unit_sums", "key=value"),
    ("a sum for an unknown type", "funds", "F15=13.5;F04=1", "F15=13.5;Q04=1", 3, "unit_sums", "service_types"),
    ("an unknown payer", "funds", "central,P1", "central,P7", 2, "payer", "perhaps P1"),
    ("an unknown use of a site", "policies", "闲置办公用房;空地", "闲置办公用房;荒地", 2, "site_uses", "闲置办公用房"),
    ("low cost above the typical one", "measures", ",1,2.5,3,", ",2.6,2.5,3,", 2, "capex_wan_per_unit_low", "correct"),
    ("a profile that is not 100", "measures", "60/37/3", "60/37/30", 2, "spend_profile", "60/37/3"),
    ("a share for an unknown fund type", "measures", "CB_OLD=0.85", "CB_NEW=0.85", 2, "eligible_share_by_fund", "key=value"),
    ("a use that is named wrongly", "uses", "闲置办公用房|T99", "闲置办公|T99", 2, "id", "闲置办公用房|T99"),
    ("an unknown need", "projects", "N1;N2", "N1;N3", 2, "needs", "perhaps"),
    ("an unknown measure", "projects", "F01a=2", "F01z=2", 2, "components", "perhaps F01"),
    ("a finish before the start", "projects", "2027-12-01", "2026-12-01", 2, "planned_start", "planned_finish"),
    ("fen with a fraction", "payments", "99999999999", "99.5", 2, "amount_fen", "whole number"),
    ("a number too large", "payments", "99999999999", "9" * 25, 2, "amount_fen", "check"),
    ("an invisible character", "operators", "社会组织", "社会\x07组织", 2, "name", "type the cell again"),
]  # fmt: skip


def faults_of(folder: Path) -> tuple[Fault, ...]:
    """All faults that reading the folder finds."""
    with pytest.raises(BookError) as caught:
        read_book(folder)
    return caught.value.faults


def replaced(name: str, old: str, new: str) -> str:
    """The file of a table of the small book with one text replaced once."""
    assert FILES[name].count(old) >= 1, (name, old)
    return FILES[name].replace(old, new, 1)


@pytest.mark.parametrize(
    ("name", "old", "new", "row", "column", "mend"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN]
)
def test_a_mistyped_cell_is_named_with_its_mend(
    tmp_path: Path, name: str, old: str, new: str, row: int, column: str, mend: str
) -> None:
    """One wrong cell gives exactly its own fault, in both languages, with what to write instead."""
    folder = write_small_book(tmp_path / "book")
    (folder / f"{name}.csv").write_text(replaced(name, old, new), encoding="utf-8")
    before = sorted(folder.iterdir())
    faults = [fault for fault in faults_of(folder) if not _follows(fault, name, column)]
    assert [(fault.table, fault.row, fault.column) for fault in faults] == [(name, row, column)]
    assert mend in f"{faults[0].mend_zh} {faults[0].mend_en}"
    assert faults[0].cause_zh and faults[0].cause_en
    assert sorted(folder.iterdir()) == before


def _follows(fault: Fault, name: str, column: str) -> bool:
    """Whether a fault is a reference to the identifier that the case spoils."""
    return column == "id" and fault.table != name and fault.cause_en.startswith(f"{name} has no")


def test_every_fault_of_a_book_comes_at_once(tmp_path: Path) -> None:
    """A book with faults in many tables and in book.toml needs one reading to learn them all."""
    folder = write_small_book(tmp_path / "book")
    spoiled: dict[str, str] = {}
    expected = {("book.toml", "walking_factor")}
    for case in (
        "text in a number cell",
        "a percent sign",
        "fen with a fraction",
        "a level of 4",
        "a room free from after until",
    ):
        _, name, old, new, _, column, _ = next(broken for broken in BROKEN if broken[0] == case)
        spoiled[name] = replaced(name, old, new)
        expected.add((name, column))
    for name, text in spoiled.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    settings = (folder / "book.toml").read_text(encoding="utf-8")
    (folder / "book.toml").write_text("walking_factor = 0.5\n" + settings, encoding="utf-8")
    with pytest.raises(BookError) as caught:
        read_book(folder)
    assert {(fault.table, fault.column) for fault in caught.value.faults} == expected
    lines = str(caught.value).splitlines()
    assert len(lines) == 1 + len(expected)
    assert "6 faults" in lines[0]
    assert "book.toml" in lines[1]
    assert all("行" in line and " | " in line for line in lines[1:])


def test_a_message_never_repeats_the_text_of_a_complaint(tmp_path: Path) -> None:
    """A fault in the text of a complaint is named without the text, which may hold a telephone number."""
    folder = write_small_book(tmp_path / "book")
    (folder / "complaints.csv").write_text(replaced("complaints", "电梯坏了", "电梯\x07坏了"), encoding="utf-8")
    with pytest.raises(BookError) as caught:
        read_book(folder)
    assert [(fault.row, fault.column) for fault in caught.value.faults] == [(2, "text")]
    assert "13800000000" not in str(caught.value) and "电梯" not in str(caught.value)


def test_both_names_of_a_code_mean_the_same(tmp_path: Path) -> None:
    """A Chinese label and its English code give the same book."""
    one, two = write_small_book(tmp_path / "one"), write_small_book(tmp_path / "two")
    (two / "neighbourhoods.csv").write_text(replaced("neighbourhoods", "房改房", "reform"), encoding="utf-8")
    assert read_book(one).digest() == read_book(two).digest()


def test_money_is_read_to_the_yuan(tmp_path: Path) -> None:
    """万元 with four decimals come out as whole yuan, without passing through a float."""
    folder = write_small_book(tmp_path / "book")
    (folder / "funds.csv").write_text(replaced("funds", ",100,80.5,", ",99999999.9999,0.0001,"), encoding="utf-8")
    funds = read_book(folder).table("funds")
    assert funds["budget_2027"].to_list() == [999_999_999_999, 500_001]
    assert funds["budget_2028"].to_list() == [1, 0]
