"""The life of a text: its changes and revisions, its state, and what changed since it was confirmed."""
