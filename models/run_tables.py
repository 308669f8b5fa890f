"""The tables of a run as CSV files: UTF-8 without a mark, one form, the same bytes for the same plan."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

import polars as pl

from .afterwards import OBLIGATIONS_SCHEMA
from .funding import FUNDING_SCHEMA, FUNDS_USED_SCHEMA
from .outputs import OUTPUTS_SCHEMA
from .projects import PROJECTS_SCHEMA
from .standing import PILOTS_SCHEMA, QUOTAS_SCHEMA
from .tickets import TICKETS_SCHEMA
from .unmet import SITES_SCHEMA, UNMET_SCHEMA

COMPONENTS_SCHEMA: Final = {
    "project_id": pl.String, "need_id": pl.String, "measure": pl.String, "lots": pl.Int64, "level": pl.Int64,
    "module": pl.String, "operation_type": pl.String, "area": pl.Float64, "cost_yuan": pl.Int64, "benefit": pl.Int64,
    "component_id": pl.String, "start_year": pl.Int64, "site": pl.String, "variant": pl.Int64, "package": pl.String,
    "community": pl.String, "neighbourhood": pl.String, "service_type": pl.String, "units": pl.Int64,
    "running_cost_yuan": pl.Int64, "programme": pl.String, "department": pl.String,
}  # fmt: skip

SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "projects": PROJECTS_SCHEMA,
    "components": COMPONENTS_SCHEMA,
    "sites": SITES_SCHEMA,
    "funding": FUNDING_SCHEMA,
    "funds_used": FUNDS_USED_SCHEMA,
    "obligations": OBLIGATIONS_SCHEMA,
    "outputs": OUTPUTS_SCHEMA,
    "unmet": UNMET_SCHEMA,
    "transferred": TICKETS_SCHEMA,
    "pilots": PILOTS_SCHEMA,
    "quotas": QUOTAS_SCHEMA,
}
TABLE_NAMES: Final = tuple(SCHEMAS)
TENTHS: Final = {"area", "area_used", "area_free"}


def table_bytes(name: str, frame: pl.DataFrame) -> bytes:
    """One table as CSV; areas with one decimal, empty texts as empty cells."""
    shaped = frame.select(
        (pl.col(column).round(1).map_elements(lambda v: f"{v:.1f}", return_dtype=pl.String) if column in TENTHS
         else pl.when(pl.col(column) == "").then(None).otherwise(pl.col(column)).alias(column) if dtype == pl.String
         else pl.col(column))
        for column, dtype in SCHEMAS[name].items()
    )  # fmt: skip
    out = io.BytesIO()
    shaped.write_csv(out, line_terminator="\n")
    return out.getvalue()


def read_table(name: str, path: Path) -> pl.DataFrame:
    """One table as it was written; empty cells of texts come back as empty texts."""
    schema = SCHEMAS[name]
    text = pl.read_csv(path, infer_schema=False, encoding="utf8")
    if missing := [column for column in schema if column not in text.columns]:
        raise ValueError(f"{path.name} lacks {', '.join(missing)}")
    return text.select(_typed(column, dtype) for column, dtype in schema.items())


def _typed(column: str, dtype: Any) -> pl.Expr:
    cell = pl.col(column)
    if dtype == pl.String:
        return cell.fill_null("")
    return cell.str.to_date("%Y-%m-%d") if dtype == pl.Date else cell.cast(dtype)
