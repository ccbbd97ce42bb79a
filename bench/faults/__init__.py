"""Faults on purpose: workers, databases and networks that die in the middle of a mailing, and the audit of what came of it."""
