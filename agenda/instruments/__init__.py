"""Outcome measures as data: how each is scored and what a change means. No item's text is in here."""
