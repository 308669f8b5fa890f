"""Options: what matching hands to the formulation, column by column (docs/reference/derivation.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

# Variant flags; they may combine.
CHANGE: Final = 1
FAST: Final = 2
WAIVER: Final = 4
DIG: Final = 8
EMERGENCY: Final = 16
EXISTS: Final = 32

SITE: Final = "site"
MODULE: Final = "module"
CAMPAIGN: Final = "campaign"

NEEDS_SCHEMA: Final = {
    "id": pl.String,
    "community": pl.String,
    "neighbourhood": pl.String,  # or null
    "street_code": pl.String,  # or null
    "county_code": pl.String,
    "city_code": pl.String,
    "service_type": pl.String,
    "programme": pl.String,
    "national": pl.String,  # ;-joined
    "department": pl.String,  # of the service type
    "group_served": pl.String,
    "safety": pl.Boolean,
    "mandatory": pl.Boolean,
    "level": pl.Int64,
    "lots": pl.Int64,  # Q
    "people": pl.Int64,
    "urgency": pl.Int64,
    "rank": pl.Int64,  # or null
}
"""Open special needs in the order of their ids; the row number is the group of the program."""

FACILITIES_SCHEMA: Final = {
    "kind": pl.String,  # site, module or campaign
    "parent": pl.Int64,  # facility row of the site, -1 for roots
    "site": pl.String,  # site id; null for a campaign
    "community": pl.String,  # site's own (or null), campaign's
    "county_code": pl.String,
    "city_code": pl.String,
    "street_code": pl.String,
    "service_type": pl.String,  # of a module; null otherwise
    "programme": pl.String,
    "department": pl.String,
    "measure": pl.String,
    "operation": pl.String,  # "own" or the operator's id; null for sites and campaigns
    "package": pl.Int64,  # row of packages
    "variant": pl.Int64,
    "capacity": pl.Int64,  # 0.1 m2; -1 unlimited
    "minimum": pl.Int64,  # 0.1 m2
    "exclusion": pl.Int64,  # set number or -1
    "complex": pl.Boolean,
    "rule": pl.Int64,  # number of the dig_once rule of a campaign, else -1
}
"""Sites first, then modules, then campaigns; within them by site id, measure, operation, package, variant."""

OPENINGS_SCHEMA: Final = {
    "facility": pl.Int64,
    "year": pl.Int64,
    "cost": pl.Int64,  # hundreds of yuan, the whole of it
    "later": pl.Int64,  # yuan a year: rent, subsidy less rent paid
    "later_from": pl.Int64,  # first year, inclusive
    "later_to": pl.Int64,  # last year, inclusive
    "lag": pl.Int64,  # ceil(build months / 12)
    "class_lag": pl.Int64,  # lag as far as the class needs it
}

OPTIONS_SCHEMA: Final = {
    "need": pl.Int64,  # row of needs
    "measure": pl.String,
    "department": pl.String,  # of the measure, first name
    "operation": pl.String,
    "package": pl.Int64,  # row of packages
    "variant": pl.Int64,
    "level": pl.Int64,
    "lots": pl.Int64,  # q
    "units": pl.Int64,
    "year": pl.Int64,
    "facility": pl.Int64,  # row of facilities or -1
    "choice": pl.Int64,  # set number
    "area": pl.Int64,  # 0.1 m2
    "cost": pl.Int64,  # hundreds of yuan, the whole of it
    "later": pl.Int64,  # yuan a year
    "later_from": pl.Int64,
    "later_to": pl.Int64,
    "lag": pl.Int64,
    "class_lag": pl.Int64,
    "benefit": pl.Int64,  # points
    "safety": pl.Int64,  # thousandths of a safety need met
}

PACKAGES_SCHEMA: Final = {
    "name": pl.String,  # fundA:cap+fundB:=|floor
    "floor": pl.Int64,  # percent that local funds pay at least
}

SHARES_SCHEMA: Final = {
    "package": pl.Int64,
    "fund": pl.String,
    "cap": pl.Int64,  # percent
    "local": pl.Boolean,  # counts for the floor
}
"""Funds of a package that pay by share (fixed sums are draws)."""

SPENDING_SCHEMA: Final = {
    "opening": pl.Boolean,  # owner is an opening, else an option
    "owner": pl.Int64,  # row of openings or options
    "year": pl.Int64,  # payment year
    "amount": pl.Int64,  # hundreds left to the package
}

DRAWS_SCHEMA: Final = {
    "opening": pl.Boolean,
    "owner": pl.Int64,
    "fund": pl.String,
    "budget_year": pl.Int64,
    "year": pl.Int64,  # payment year
    "amount": pl.Int64,  # hundreds
}
"""Fixed sums and operators' capital."""

USES_SCHEMA: Final = {
    "opening": pl.Boolean,
    "owner": pl.Int64,
    "quota": pl.String,  # policy id or operator id
    "year": pl.Int64,  # start year for policies; 0 for an operator's number over all years
    "amount": pl.Int64,
}

REFUSALS_SCHEMA: Final = {
    "need": pl.String,
    "code": pl.String,  # Chinese code of terms.md
    "detail": pl.String,  # Chinese sentence
    "next_step": pl.String,
    "unit_responsible": pl.String,
}


@dataclass(frozen=True, slots=True)
class Options:
    """All that matching found. Frames follow the schemas of this module; row numbers are the links."""

    needs: pl.DataFrame
    facilities: pl.DataFrame
    openings: pl.DataFrame
    options: pl.DataFrame
    packages: pl.DataFrame
    shares: pl.DataFrame
    spending: pl.DataFrame
    draws: pl.DataFrame
    uses: pl.DataFrame
    refusals: pl.DataFrame  # needs without any option, with the reason
    found: int  # options before beaten ones were dropped
    held: tuple[str, ...]  # needs held by signed projects
