"""DICOM's own network protocol, as thin adapters over pynetdicom.

- `listener`: others send to us (C-STORE and C-ECHO as provider).
- `provider`: others query us and fetch (C-FIND, C-MOVE and C-GET as provider).
- `sender`: we send to others (C-STORE and C-ECHO as user).
- `part10`: the file header that belongs around a data set that came over the network.
- `statuses`: what a peer is answered.
"""
