"""`sluice models`: make the models that Triton serves, list them, check them."""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from infra.triton.checking import Model
    from infra.triton.planning import Plan
    from infra.triton.settings import Form, ModelsSettings
    from services.assessor.domain.agreeing import PackId
    from services.assessor.domain.asking import Task


@click.group("models", help="Build and check the models that Triton serves.")
def models() -> None:
    """Group of commands."""


_PACKS = click.option(
    "--packs",
    type=click.Path(path_type=Path),
    envvar="SLUICE_ASSESSOR_PACKS",
    help="Label packs as the assessor has them: a folder, a file or a shipped pack's name; without "
    "it those that Sluice brings.",
)
_FORM = click.option(
    "--form",
    type=click.Choice(["ov-int8", "ort-int8"]),
    help="Of the encoder, instead of SLUICE_MODELS_FORM or what suits this CPU.",
)
_WRITER = click.option(
    "--writer",
    help="A model that writes, such as qwen2.5-coder-0.5b, instead of SLUICE_MODELS_WRITER.",
)
_WIDE = 160  # columns where nobody's terminal says how many there are
_JSON = click.option("--json", "as_json", is_flag=True, help="For programs.")


@models.command("build")
@_PACKS
@_FORM
@_WRITER
@click.option("--force", is_flag=True, help="Make again what is there already.")
@click.option("--fetch-only", is_flag=True, help="Only fetch, for a build without a network.")
@click.option(
    "--link",
    type=click.Path(path_type=Path),
    help="A symbolic link to point to the result in one step, for Triton's --model-repository.",
)
def build(
    packs: Path | None,
    form: "Form | None",
    writer: str | None,
    link: Path | None,
    *,
    force: bool,
    fetch_only: bool,
) -> None:
    """Fetch the pinned weights, quantize them, make the heads from the packs.

    Prints the folder that Triton loads, and with a writer a second one. What is there already is
    not made again; what was made half is never used. A running stack serves the new models from
    its next start.
    """
    from infra.triton import building, writers  # noqa: PLC0415 - keeps --help fast

    began = time.monotonic()

    def say(line: str) -> None:
        click.echo(f"{time.monotonic() - began:6.1f} s  {line}", err=True)

    settings, plan = _planned(packs, form, writer)
    writing = writers.plan(settings)
    if fetch_only:
        click.echo(building.fetch(plan, say))
        if writing is not None:
            click.echo(writers.fetch(writing, say))
        return
    say(f"encoder as {plan.choice.form}: {plan.choice.reason}")
    env = building.environment_of(settings, say)
    repository = building.build(plan, env, say, force=force)
    beside = None if writing is None else writers.build(writing, say, force=force)
    if link is not None:
        building.point(link, repository)
    say("ready")
    click.echo(repository)
    if beside is not None:
        click.echo(beside)


@models.command("list")
@_PACKS
@_FORM
@_WRITER
@_JSON
def list_(packs: Path | None, form: "Form | None", writer: str | None, *, as_json: bool) -> None:
    """Show what was made for this machine and these packs; exit code 1 if nothing was."""
    from infra.triton import checking, writers  # noqa: PLC0415 - keeps --help fast

    settings, plan = _planned(packs, form, writer)
    found = checking.models(plan.repository)
    writing = writers.plan(settings)
    if writing is not None:
        found += checking.models(writing.repository)
    if as_json:
        made = [{"folder": str(model.folder), **(model.manifest or {})} for model in found]
        click.echo(json.dumps({"repository": str(plan.repository), "models": made}, indent=1))
    elif found:
        _print(found)
        click.echo(f"in {plan.repository}")
    else:
        click.echo("nothing is built for this machine and these packs; `sluice models build`")
    raise SystemExit(0 if found else 1)


@models.command("check")
@_PACKS
@_FORM
@_WRITER
@_JSON
@click.option(
    "--url",
    envvar="SLUICE_TRITON_URL",
    help="host:port of a server to ask; without it the running local stack's, if there is one.",
)
def check(
    packs: Path | None,
    form: "Form | None",
    writer: str | None,
    url: str | None,
    *,
    as_json: bool,
) -> None:
    """Compare files with manifests, and what is served with the packs; exit code 1 on a fault."""
    from infra.triton import checking, writers  # noqa: PLC0415 - keeps --help fast

    settings, plan = _planned(packs, form, writer)
    found = checking.faults(plan.repository)
    writing = writers.plan(settings)
    if writing is not None:
        found += checking.faults(writing.repository)
    if found:
        found.append(checking.REMEDY)
    asked = url or local_url()
    if asked is not None:
        found += asyncio.run(_served(asked, packs))
    if as_json:
        click.echo(json.dumps({"well": not found, "server": asked, "faults": found}, indent=1))
    else:
        for line in found:
            click.echo(line)
        served = f"served at {asked}" if asked else "no server asked: none runs here, no --url"
        if not found:
            click.echo(f"as built in {plan.repository}; {served}")
    raise SystemExit(1 if found else 0)


@models.command("prune")
@_PACKS
@_FORM
@_WRITER
@click.option("--execute", is_flag=True, help="Remove them. Without, only say what and how much.")
def prune(packs: Path | None, form: "Form | None", writer: str | None, *, execute: bool) -> None:
    """Remove builds that this configuration does not need: of other packs, forms and versions.

    Whatever is removed can be made again, in half a minute. A running stack needs what it was
    started with: stop it first, or start it anew afterwards.
    """
    from infra.triton import environment, pruning, writers  # noqa: PLC0415 - keeps --help fast

    settings, plan = _planned(packs, form, writer)
    kept = {plan.encoder, plan.repository, environment.present().folder}
    writing = writers.plan(settings)
    found = pruning.leftovers(kept if writing is None else kept | {writing.repository})
    if execute:
        pruning.remove(found)
    for each in found:
        click.echo(f"{each.bytes / 1e6:8.1f} MB  {each.folder}")
    size = sum(each.bytes for each in found) / 1e6
    done = "removed" if execute else "to be removed by --execute"
    click.echo(f"{len(found)} builds, {size:,.0f} MB {done}" if found else "nothing to remove")


def _planned(
    packs: Path | None, form: "Form | None", writer: str | None
) -> "tuple[ModelsSettings, Plan]":
    from infra.triton import planning  # noqa: PLC0415 - keeps --help fast
    from infra.triton.settings import ModelsSettings  # noqa: PLC0415 - the same
    from services.chassis.settings import load  # noqa: PLC0415 - the same

    settings = load(ModelsSettings)
    if form is not None:
        settings = settings.model_copy(update={"form": form})
    if writer is not None:
        settings = settings.model_copy(update={"writer": writer})
    return settings, planning.plan(settings, packs)


def local_url() -> str | None:
    """GRPC of the running local stack's Triton, if there is one."""
    from infra.local.home import Home  # noqa: PLC0415 - keeps --help fast

    return Home().address("triton", "grpc")


async def _served(url: str, packs: Path | None) -> list[str]:
    """What a server's own answers say against the packs, one line each."""
    from services.assessor.domain.agreeing import disagreements  # noqa: PLC0415 - keeps --help fast
    from services.assessor.domain.asking import Question  # noqa: PLC0415 - the same
    from services.assessor.packs import configure  # noqa: PLC0415 - the same
    from services.assessor.reader import signature  # noqa: PLC0415 - the same
    from services.assessor.serving import packs as packs_of  # noqa: PLC0415 - the same
    from services.chassis.triton.client import ServedModel, TritonClient  # noqa: PLC0415 - the same
    from services.chassis.triton.faults import Fault  # noqa: PLC0415 - the same
    from services.chassis.triton.settings import TritonSettings  # noqa: PLC0415 - the same

    settings = TritonSettings(url=url)
    served: dict[Task, PackId | None] = {}
    async with TritonClient(settings) as client:
        for question in Question:
            try:
                row = await ServedModel(client, signature(question), settings).canary()
            except Fault as fault:
                return [f"{url} does not answer {question}: {fault}; `sluice logs triton` says why"]
            served |= packs_of(question, row)
    return disagreements(configure(packs).packs, served)


def _print(found: "list[Model]") -> None:
    from rich.console import Console  # noqa: PLC0415 - keeps --help fast
    from rich.table import Table  # noqa: PLC0415 - the same

    table = Table(box=None, pad_edge=False)
    for column in ("model", "version", "digest"):
        table.add_column(column, no_wrap=True)
    for column in ("quantization", "runtime", "licence", "made from"):
        table.add_column(column, overflow="fold")
    for model in found:
        manifest = model.manifest or {}
        identity = manifest.get("identity", {})
        table.add_row(
            model.name,
            identity.get("version", ""),
            identity.get("digest", "")[:12],
            identity.get("quantization") or "",
            identity.get("runtime", ""),
            manifest.get("licence", ""),
            _origin(manifest),
        )
    width = None if sys.stdout.isatty() else _WIDE
    Console(highlight=False, width=width).print(table)


def _origin(manifest: dict[str, Any]) -> str:
    source = manifest.get("source", "")
    made_from = source["package"] if isinstance(source, dict) else str(source)
    weights = manifest.get("weights")
    return f"{weights}, {made_from}" if weights else made_from
