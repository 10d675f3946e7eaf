"""Before it takes part: are the served models those that the packs and the encoder call for?"""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from services.assessor.domain.agreeing import PackId
from services.assessor.domain.asking import Task
from services.assessor.serving import Serving, serving
from services.chassis.errors import ConfigurationError, Outage
from services.chassis.health import Health
from services.chassis.triton.settings import TritonSettings
from tests import fakes_kserve
from tests.fakes_kserve import Server
from tests.fakes_triton import parts

CONFIGURED = {task: PackId("retail:1", "d" * 64) for task in (Task.INTENT, Task.EXCEPTION)}


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """The stand-in: its heads are made from retail:1, its pack digest is all d's."""
    made = Server()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def models(server: Server) -> AsyncIterator[Serving]:
    """As the assessor opens them."""
    shared = replace(parts(), settings=TritonSettings(url=server.url))
    async with serving(shared, CONFIGURED, Health()) as opened:
        yield opened


async def test_the_canary_passes_for_the_configured_packs(models: Serving) -> None:
    """Language has no pack, and sentiment is not configured here: neither is asked for one."""
    await models.canary()


async def test_a_head_of_another_pack_stops_the_start(server: Server, models: Serving) -> None:
    """For good: waiting would not make it again."""
    server.model.pack_digest = "c" * 64
    with pytest.raises(ConfigurationError, match="intent: the served head was made from"):
        await models.canary()


async def test_a_head_for_another_encoder_stops_the_start(
    models: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the heads that say to which encoder they were fitted are asked."""
    plain = fakes_kserve.head
    monkeypatch.setattr(
        fakes_kserve, "head", lambda *given: plain(*given) | {"encoder_digest": "a" * 64}
    )
    with pytest.raises(ConfigurationError, match="intent: the served head was fitted to encoder"):
        await models.canary()


async def test_a_model_that_does_not_say_which_bits_it_is_may_do_so_later(
    models: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without that there is no warrant; no text is blamed for it."""
    monkeypatch.setattr(fakes_kserve, "ENCODER", {"name": "encoder"})
    with pytest.raises(Outage, match="which bits"):
        await models.canary()


async def test_a_server_that_is_gone_is_waited_for(server: Server, models: Serving) -> None:
    """It may come back."""
    await server.stop()
    with pytest.raises(Outage):
        await models.canary()
