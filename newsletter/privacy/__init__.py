"""What the law gives every person, across all rooms: her whole story, a copy of it, and being forgotten (GDPR 15, 17, 20)."""
