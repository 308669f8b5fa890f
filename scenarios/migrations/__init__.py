"""The steps that bring a run store up to date."""
