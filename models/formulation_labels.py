"""Labels: what plan, report and checker need to find the things of the book again (docs/reference/run.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..solver.sparse import Sparse
from .book import Book
from .formulation_money import Money
from .options import CAMPAIGN, MODULE, SITE, Options
from .row_builder import BuiltRows, ExtraColumns, RowWords
from .settled import Coded

Labels = Mapping[str, NDArray[np.generic]]

KINDS = (SITE, MODULE, CAMPAIGN)


def labels_of(
    options: Options, book: Book, money: Money, rows: BuiltRows, idle: BuiltRows, extras: ExtraColumns
) -> Labels:
    """All labels of a program; text tables are sorted, -1 stands for none."""
    chosen, facilities, openings = options.options, options.facilities, options.openings
    measure = Coded.of(pl.concat([chosen["measure"], facilities["measure"]]))
    operation = Coded.of(pl.concat([chosen["operation"], facilities["operation"]]))
    site = Coded.of(facilities["site"])
    community = Coded.of(facilities["community"])
    kind = facilities["kind"].replace_strict(list(KINDS), range(len(KINDS)), return_dtype=pl.Int64)
    classes = money.classes
    labels: dict[str, NDArray[np.generic]] = {
        "label_years": np.array(book.years, np.int64),
        "label_need": _text(options.needs["id"].to_list()),
        "label_measure": _text(measure.values),
        "label_operation": _text(operation.values),
        "label_package": _text(options.packages["name"].to_list()),
        "label_fund": _text(money.sources.funds),
        "label_site": _text(site.values),
        "label_community": _text(community.values),
        "label_county": _text(money.counties),
        "label_programme": _text(money.programmes),
        "label_option_measure": measure.code[: chosen.height],
        "label_option_operation": operation.code[: chosen.height],
        "label_option_kept": np.ones(chosen.height, np.bool_),
        "label_facility_kind": _numbers(kind),
        "label_facility_site": site.code,
        "label_facility_measure": measure.code[chosen.height :],
        "label_facility_operation": operation.code[chosen.height :],
        "label_facility_package": _numbers(facilities["package"]),
        "label_facility_variant": _numbers(facilities["variant"]),
        "label_facility_community": community.code,
        "label_facility_rule": _numbers(facilities["rule"]),
        "label_class_county": _numbers(classes["county"]),
        "label_class_programme": _numbers(classes["programme"]),
        "label_class_year": _numbers(classes["start"]),
        "label_class_package": _numbers(classes["package"]),
        "label_class_lag": _numbers(classes["class_lag"]),
        "label_demand_year": money.demand_year,
        "label_portion_fund": money.portion_fund,
        "label_source_fund": money.sources.fund,
        "label_source_year": money.sources.year,
        "label_extra_name": _text(extras.name),
    }
    for name in ("package", "level", "units", "variant", "year", "cost", "later"):
        labels[f"label_option_{name}"] = _numbers(chosen[name])
    for name in ("cost", "later", "year"):
        labels[f"label_opening_{name}"] = _numbers(openings[name])
    for name, coded in money.asked.items():
        labels[f"label_class_{name}"] = _numbers(classes[name])
        labels[f"label_asked_{name}"] = _text(coded.values)
    labels |= _words("label_row", rows.words)
    labels |= _words("label_idle", idle.words)
    labels["label_idle_limit"] = idle.limit
    for name, part in (("option", idle.option), ("opening", idle.opening), ("extra", idle.extra)):
        labels |= _sparse(f"label_idle_{name}", part)
    return labels


def _words(prefix: str, words: RowWords) -> dict[str, NDArray[np.generic]]:
    return {
        f"{prefix}_kind": _text(words.kind),
        f"{prefix}_name": _text(words.name),
        f"{prefix}_key": _text(words.key),
        f"{prefix}_scope": _text(words.scope),
        f"{prefix}_unit": _text(words.unit),
        f"{prefix}_sign": np.array(words.sign, np.int64),
        f"{prefix}_scale": np.array(words.scale, np.int64),
        f"{prefix}_share": np.array(words.share, np.int64),
        f"{prefix}_listed": np.array(words.listed, np.bool_),
    }


def _sparse(name: str, part: Sparse) -> dict[str, NDArray[np.generic]]:
    return {f"{name}_start": part.start, f"{name}_index": part.index, f"{name}_amount": part.amount}


def _text(values: Sequence[str | None]) -> NDArray[np.str_]:
    return np.array([value or "" for value in values], np.str_)


def _numbers(series: pl.Series) -> NDArray[np.int64]:
    return series.fill_null(-1).to_numpy().astype(np.int64)
