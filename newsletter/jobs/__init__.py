"""Work that waits: written down in the same transaction as what it follows from, done later, tried again, never lost."""
