"""De-identification on the way in: PS3.15 Annex E over headers, and a person's look at the pixels."""
