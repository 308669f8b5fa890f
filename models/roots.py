"""Sites and dig-once campaigns before they open: what opening costs, and who pays for it."""

from __future__ import annotations

import polars as pl

from .matching_ground import Ground
from .open_needs import with_factors
from .siteless import hundreds, scaled

SITE_SERVICE = "F01"  # money open to it may convert a site


def site_roots(sites: pl.DataFrame, ground: Ground) -> pl.DataFrame:
    """The sites named, with package, cost, rent and all plan years; `sites` is a frame with `site`."""
    told = ground.sites.join(sites.select("site").unique(), on="site", how="semi")
    told = with_factors(told, ground.settings)
    keys = told.select("city_code", "county_code").unique(maintain_order=True)
    names = [ground.eligibility.local_package(city, county, [SITE_SERVICE]) for city, county in keys.iter_rows()]
    keys = keys.with_columns(pl.Series("package", ground.package_numbers(names), dtype=pl.Int64))
    years = ground.settings.plan_years
    return told.join(keys, on=["city_code", "county_code"], how="left").with_columns(
        cost=hundreds(scaled(pl.col("conversion"), pl.col("cost_percent"))),
        later=pl.col("yearly_rent"),
        life=pl.col("rent_years"),
        first=pl.max_horizontal(pl.lit(years[0], pl.Int64), pl.col("free_from")),
        last=pl.min_horizontal(
            pl.lit(years[-1], pl.Int64), pl.col("free_until") - (ground.settings.least_tenure_years - 1)
        ),
    )


def campaigns_of(ground: Ground, first_place: int) -> pl.DataFrame:
    """A campaign for every dig-once rule and community with at least two open needs of its types.

    `place` numbers them from `first_place` on, by community and rule.
    """
    parts = []
    years = ground.settings.plan_years
    for dig in ground.settings.dig_once:
        here = ground.needs.filter(pl.col("service_type").is_in(dig.service_types))
        here = here.group_by("community", "street_code", "county_code", "city_code", "cost_percent").len()
        here = here.filter(pl.col("len") >= 2).sort("community")
        names = [
            ground.eligibility.local_package(city, county, dig.service_types)
            for city, county in here.select("city_code", "county_code").iter_rows()
        ]
        parts.append(
            here.with_columns(
                pl.Series("package", ground.package_numbers(names), dtype=pl.Int64),
                rule=pl.lit(dig.rule, pl.Int64),
                programme=pl.lit(ground.programme[dig.service_types[0]]),
                cost=hundreds(scaled(pl.lit(dig.fixed, pl.Int64), pl.col("cost_percent"))),
            )
        )
    if not parts:
        schema = {
            "place": pl.Int64, "community": pl.String, "street_code": pl.String, "county_code": pl.String,
            "city_code": pl.String, "package": pl.Int64, "rule": pl.Int64, "programme": pl.String, "cost": pl.Int64,
            "later": pl.Int64, "life": pl.Int64, "first": pl.Int64, "last": pl.Int64,
        }  # fmt: skip
        return pl.DataFrame(schema=schema)
    found = pl.concat(parts).sort("community", "rule").with_row_index("place", offset=first_place)
    return found.with_columns(
        pl.col("place").cast(pl.Int64),
        later=pl.lit(0, pl.Int64),
        life=pl.lit(None, pl.Int64),
        first=pl.lit(years[0], pl.Int64),
        last=pl.lit(years[-1], pl.Int64),
    )
