"""Clinician scores as data: items, choices with points, and what a total suggests, each with its source."""
