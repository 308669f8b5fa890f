"""Command line and pages: thin, no mathematics."""
