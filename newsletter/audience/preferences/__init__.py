"""What a reader may change herself, by a link that was mailed to her a moment ago."""
