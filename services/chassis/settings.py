"""Settings from the environment: each adapter owns a class; an unknown one stops the start."""

import difflib
import os
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.chassis.errors import ConfigurationError

S = TypeVar("S", bound="AdapterSettings")


class AdapterSettings(BaseSettings):
    """Base of all settings: frozen, read from variables that start with the class's prefix."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid")


def load(kind: type[S], **given: Any) -> S:
    """Read one adapter's settings; what is `given` is not asked of the environment.

    Raises:
        ConfigurationError: naming each variable at fault, also one that nobody knows.
    """
    prefix = kind.model_config.get("env_prefix", "")
    known = {f"{prefix}{name}".upper() for name in kind.model_fields}
    strict = kind.model_config.get("extra") == "forbid"
    for name in os.environ:
        if strict and name.upper().startswith(prefix.upper()) and name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}"
            raise ConfigurationError(f"{name}: unknown setting; {hint}")
    try:
        return kind(**given)
    except ValidationError as error:
        raise ConfigurationError(
            "\n".join(
                f"{prefix}{'.'.join(str(part) for part in fault['loc'])}".upper()
                + f": {fault['msg']}"
                for fault in error.errors(include_url=False, include_input=False)
            )
        ) from error
