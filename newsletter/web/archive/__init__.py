"""The archive: editions as they stand on the web, by list and language, their feeds, and the pictures in them."""
