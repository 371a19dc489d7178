"""Which vault a configuration means."""

from pathlib import Path

from imaging.settings import ImagingSettings
from imaging.vault.local import LocalVault
from imaging.vault.port import Vault


def is_remote(settings: ImagingSettings) -> bool:
    """Whether the images are kept elsewhere than on this machine's disk."""
    return settings.vault_url.startswith("s3://")


def folder_of(settings: ImagingSettings, storage: Path) -> Path:
    """The folder of a local vault; relative to the storage directory."""
    return storage / (settings.vault_url.removeprefix("file://") or "vault")


def vault_of(settings: ImagingSettings, storage: Path) -> Vault:
    """The vault of an installation whose data lies in `storage`; raises VaultFailed when it cannot be used at all."""
    if not is_remote(settings):
        return LocalVault(folder_of(settings, storage))
    from imaging.vault.s3 import s3_vault  # a tenth of a second that only those with a bucket pay

    return s3_vault(settings.vault_url, settings.s3, storage / "vault-cache")
