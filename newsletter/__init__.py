"""A newsletter system for organisations that work in two languages."""

__version__ = "0.1.0"
