"""Measures sending on the wire; `python -m bench.wire` (see bench/README.md)."""
