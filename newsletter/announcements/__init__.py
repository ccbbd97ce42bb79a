"""What there is to tell: announcements, their translations, their pictures, and how they come in."""
