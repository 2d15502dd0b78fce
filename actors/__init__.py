"""Supervised actors, and the session tree that stands on them."""
