"""What the board says, as DICOM objects others can read: measurement reports, annotations, key images, the letter.

Objects are made and read inside the disposable workers of `imaging.sandbox` (`work`); what goes in and comes out are
the values of `values`. Writing is highdicom's; reading is our own, bounded walk, since reports of others are untrusted.
"""
