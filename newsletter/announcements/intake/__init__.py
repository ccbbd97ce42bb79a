"""How announcements come in: a text or a folder of Markdown becomes drafts, and every line of it is accounted for."""
