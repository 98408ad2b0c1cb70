"""From facts, figures and clean tables to the brief in HTML and PDF."""
