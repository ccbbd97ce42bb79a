"""Readers become a file: a page of them in memory at a time, in columns that an import understands."""
