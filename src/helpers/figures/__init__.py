"""From results to figures: one module a notebook, one style for all."""
