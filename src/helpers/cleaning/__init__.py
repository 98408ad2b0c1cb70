"""From the coded sheets to clean tables: check, normalise, link, reconcile, grade, publish."""
