"""Measurements of what running the notebooks costs (`make bench`)."""
