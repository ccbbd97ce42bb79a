"""Who reads: mailing lists, subscribers, subscriptions, and the addresses that are never mailed."""
