"""Settings: a wrong or unknown variable stops the start and says which and why."""

import pytest
from pydantic_settings import SettingsConfigDict

from services.chassis.errors import ConfigurationError
from services.chassis.settings import AdapterSettings, load


class Demo(AdapterSettings):
    """A class as adapters write them."""

    model_config = SettingsConfigDict(env_prefix="SLUICE_DEMO_", extra="forbid", frozen=True)

    port: int = 1


def test_a_misspelt_setting_is_refused_with_the_nearest_name(monkeypatch):
    """A misspelt variable would otherwise run with the default, unseen."""
    monkeypatch.setenv("SLUICE_DEMO_PROT", "2")
    with pytest.raises(ConfigurationError, match=r"SLUICE_DEMO_PROT: .*SLUICE_DEMO_PORT"):
        load(Demo)


def test_a_wrong_value_names_its_variable(monkeypatch):
    """The message can be acted upon without reading code."""
    monkeypatch.setenv("SLUICE_DEMO_PORT", "many")
    with pytest.raises(ConfigurationError, match=r"SLUICE_DEMO_PORT: .*integer"):
        load(Demo)
