"""Asking the archives of others for studies, and fetching them: C-FIND, C-GET and C-MOVE, or QIDO-RS and WADO-RS.

- `question`, `answer`: what is asked, and the studies that were found, whichever protocol carries them.
- `dimse`, `dicomweb`: the two protocols.
- `stage`: where files lie until the intake has checked them.
- `fetches`: fetches under way, which can be stopped and gone on with.
"""
