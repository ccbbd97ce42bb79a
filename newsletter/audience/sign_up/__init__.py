"""Signing up: what a form asked for, until the owner of the address confirms it."""
