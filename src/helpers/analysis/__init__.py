"""Pure functions from clean tables to small typed results, and from results to facts."""
