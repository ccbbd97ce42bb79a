"""The pages on which a reader sees and changes what we know of her, opened by a link that was mailed a moment ago."""
