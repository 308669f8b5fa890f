"""Catalogue and column tables that ship with the package."""
