"""The vault: what arrived, byte for byte, under its SHA-256. Nothing in it is ever changed.

`Vault` is the port; a folder of this machine (`LocalVault`) and an S3 bucket (`imaging.vault.s3`) keep the same
contract, and `imaging.vault.place` chooses by the configured URL.
"""

from imaging.vault.local import LocalVault
from imaging.vault.port import CHUNK, Held, Kept, Ready, Vault, chunks_of

__all__ = ["CHUNK", "Held", "Kept", "LocalVault", "Ready", "Vault", "chunks_of"]
