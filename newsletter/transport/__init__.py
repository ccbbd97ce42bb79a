"""Brings a message to a mail server and tells what the server answered. It never sees the database."""
