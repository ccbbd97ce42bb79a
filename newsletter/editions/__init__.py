"""Editions: announcements chosen and put in order, issue by issue, and frozen into what is mailed."""
