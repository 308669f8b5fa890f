"""The catalogue that ships with the package, and how a book changes it."""

from pathlib import Path

import polars as pl
from qingdan.models.book import read_book
from qingdan.models.catalogue import NATIONAL_PROGRAMMES, catalogue_of, packaged_catalogue, programme_zh
from qingdan.models.checks import wrong_measures, wrong_orders
from qingdan.models.raw_tables import ROW
from qingdan.models.tables import TABLES
from small_book import write_small_book


def test_the_packaged_catalogue_obeys_the_rules_of_a_book() -> None:
    """Its types, references, cost ranges and payment profiles are those that a book's own rows must have."""
    catalogue = packaged_catalogue()
    assert (catalogue.service_types.height, catalogue.measures.height) == (56, 104)
    assert (catalogue.uses.height, catalogue.fund_types.height) == (281, 34)
    for name in ("service_types", "measures", "uses"):
        frame = getattr(catalogue, name)
        assert frame.schema == TABLES[name].empty(()).schema
        assert frame["id"].is_unique().all()
        for column in TABLES[name].columns:
            assert not column.required or frame[column.name].null_count() == 0, (name, column.name)
        numbered = frame.with_row_index(ROW)
        assert not list(wrong_orders(TABLES[name], numbered)) and not list(wrong_measures(TABLES[name], numbered))
    known = catalogue.service_types["id"].to_list()
    assert set(catalogue.measures["service_type"]) | set(catalogue.uses["service_type"]) <= set(known)


def test_money_of_the_catalogue_is_whole_yuan() -> None:
    """0.12 万元 a unit is 1,200 yuan."""
    measures = packaged_catalogue().measures
    assert measures.schema["capex_wan_per_unit_typ"] == pl.Int64
    assert measures.filter(pl.col("id") == "R01a")["capex_wan_per_unit_typ"].item() == 800
    assert packaged_catalogue().fund_types.schema["smallest_grant_wan"] == pl.Int64


def test_a_row_of_the_book_replaces_the_packaged_one(tmp_path: Path) -> None:
    """Same id: replaced; new id: added; all else stays."""
    book = read_book(write_small_book(tmp_path / "book"))
    own = catalogue_of(book)
    assert own.service_types.height == 57 and own.measures.height == 105 and own.uses.height == 282
    lift = packaged_catalogue().service_types.filter(pl.col("id") == "F15").with_columns(lot_size=pl.lit(9.0))
    changed = catalogue_of(book.with_table("service_types", lift))
    assert changed.service_types.height == 56
    assert changed.service_types.filter(pl.col("id") == "F15")["lot_size"].item() == 9.0
    assert packaged_catalogue().service_types.filter(pl.col("id") == "F15")["lot_size"].item() != 9.0


def test_programmes_have_names() -> None:
    """Five programmes, and the national ones that service types count for."""
    assert list(programme_zh) == list(TABLES["service_types"].column("programme").choices)
    counted = packaged_catalogue().service_types["programmes_counted"].drop_nulls().str.split(";").explode().unique()
    assert set(counted) <= set(NATIONAL_PROGRAMMES.values())
    assert "F01" in packaged_catalogue().counted_for("embedded")
