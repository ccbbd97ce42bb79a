"""Runs every measurement, one after the other: `make bench`. Each can be run by itself, as `python -m bench.compose`."""

from bench import compose, import_subscribers

for measurement in (compose, import_subscribers):
    measurement.main()
