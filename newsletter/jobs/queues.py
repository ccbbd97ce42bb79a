"""Where work waits on PostgreSQL: queues, each with places of its own in every worker, so that none starves another."""

from enum import StrEnum


class Queue(StrEnum):
    """Which places of a worker a job may take. On SQLite there is one worker and one queue."""

    SYS = "sys"  # looking after the others: taking up what dead workers left, housekeeping; comes first
    NOTICES = "notices"  # mails to one person, and what else pages cause
    MAIL = "mail"  # the slices of mailings


PRIORITY = {Queue.SYS: 100, Queue.NOTICES: 0, Queue.MAIL: 0}
"""What is fetched first where one worker has places for several queues: the higher number."""
