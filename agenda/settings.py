"""The [agenda] section of the configuration; frozen, passed as an argument at composition."""

from pydantic import BaseModel, ConfigDict


class AgendaSettings(BaseModel):
    """Settings of this package."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
