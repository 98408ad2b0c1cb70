"""The library that the notebooks call."""

__version__ = "1.0.0"
