"""A sitting's agenda: as a page, on paper, arranged, its packets, who is invited, what its opinions amount to."""
