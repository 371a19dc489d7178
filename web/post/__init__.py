"""Notices as mail: what leaves when, by which way, and the links that answer it."""
