"""The command line: parses, opens the transaction, calls one query or action, prints."""
