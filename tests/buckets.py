"""A bucket that speaks S3, served on loopback by moto for the length of a test."""

import logging
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imaging.settings import S3Settings
from imaging.vault.s3 import S3Vault, s3_vault

BUCKET = "images"


@contextmanager
def s3_service() -> Iterator[S3Settings]:
    """How to reach an empty bucket called ``images``."""
    from moto.server import ThreadedMotoServer  # seconds that only these tests pay

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    try:
        empty_bucket(endpoint)
        yield S3Settings(
            endpoint=endpoint, access_key_id="key", secret_key="secret", connect_timeout_s=30, silence_s=60, retry_s=1
        )
    finally:
        server.stop()


def empty_bucket(endpoint: str) -> None:
    """Forget everything, and make the bucket anew."""
    for path, method in (("/moto-api/reset", "POST"), (f"/{BUCKET}", "PUT")):
        with urllib.request.urlopen(urllib.request.Request(endpoint + path, method=method)):
            pass


def bucket_vault(settings: S3Settings, cache: Path) -> S3Vault:
    """A vault in the bucket, under a prefix."""
    return s3_vault(f"s3://{BUCKET}/one/vault", settings, cache)
