"""Texts on their way to translators and back: XLIFF 2.0, gettext PO, and folders of Markdown."""
