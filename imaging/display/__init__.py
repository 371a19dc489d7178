"""What is shown and is no picture itself: reports, documents, presentation states and segmentations of any maker.

`imaging.display.shows` is the server's side; everything that touches a file's bytes runs in a worker of the sandbox.
"""
