"""Turns content, a theme and a language into the bodies of a mail. It never sees the database."""
