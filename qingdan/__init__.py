"""清单: the open optimizer for community renewal portfolios."""
