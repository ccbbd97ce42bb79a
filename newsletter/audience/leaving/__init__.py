"""Leaving lists: what a reader's own wish to leave ends, the evidence of it, and the mail that acknowledges it."""
