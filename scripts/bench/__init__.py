"""Measures this against what one would write by hand. Absolute times mean nothing here; ratios of one run do."""
