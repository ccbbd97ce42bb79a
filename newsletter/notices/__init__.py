"""Mails that the system itself writes to one person: confirm, welcome, acknowledge, open the preferences.

Transactional: no advertising, nothing that anybody typed into a form, no List- headers (deliverability M8, M9).
"""
