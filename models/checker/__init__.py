"""The independent check of a run: shares nothing with the rest of the project but the file formats."""

from __future__ import annotations

from .check import check
from .report import Part, Refusal, Report

__all__ = ["Part", "Refusal", "Report", "check"]
