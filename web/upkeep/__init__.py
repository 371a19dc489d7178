"""What an operator orders of an installation: imports and checks, backup and restore, anchors."""
