"""A file of subscribers becomes readers of lists: read line by line, checked, compared with who is there, written in one piece."""
