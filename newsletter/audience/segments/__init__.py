"""Segments: readers chosen by what is known of them, in a small language of filters that is parsed, never SQL."""
