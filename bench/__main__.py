"""Runs every measurement, one after the other: `make bench`. Each can be run by itself, as `python -m bench.compose`."""

from bench import compose, import_subscribers, render

for measurement in (compose, render, import_subscribers):
    measurement.main()
