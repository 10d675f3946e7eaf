"""The report for people: three tables, the targets last."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.bench.report import Flow, Report, Steady, Waits
from infra.bench.spending import Role

_ORDER = (Role.PIPELINE, Role.MODEL, Role.BROKER, Role.STORE, Role.BESIDE)

# Share of the machine that others may use before the figures say more about them than about us.
_CALM = 0.05


def show(report: Report, console: Console) -> None:
    """Print it."""
    machine, model = report.machine, report.model
    features = ", ".join(machine["features"]) or "none that matter"
    identity = model["identity"]
    console.print(
        f"{machine['cpu']}, {machine['cores']} cores ({features}), load {machine['load_before']}"
        f" before\n{model['weights']} {identity['version']} as {identity['quantization']} on"
        f" {identity['runtime']}, {model['processes']} processes;"
        f" commit {report.versions['commit']}"
    )
    console.print(_flows(report))
    console.print(_cpu(report))
    console.print(_targets(report))
    if report.lost_cores > _CALM * machine["cores"]:
        console.print(
            f"other programs had up to {report.lost_cores:.1f} of {machine['cores']} cores"
            " meanwhile: the figures are too bad, measure again on a calm machine",
            style="yellow",
        )


def _flows(report: Report) -> Table:
    table = Table(title="What the whole flow carries")
    table.add_column("")
    for kind in ("tickets", "supply events"):
        table.add_column(kind, justify="right")
    flows = (report.tickets, report.supply)
    for name, row in (
        ("cases/s, a backlog worked off", [_capacity(flow) for flow in flows]),
        ("model in process, texts/s", [_ceiling(flow) for flow in flows]),
        ("share of that", [_share(flow.share) for flow in flows]),
        ("share by CPU alone", [_share(flow.cpu_share) for flow in flows]),
        ("actions per case", [_actions(flow) for flow in flows]),
        ("work left after the last decision", [_settling(flow) for flow in flows]),
        ("arrivals/s at half of it", [f"{flow.steady.wanted_per_s:.0f}" for flow in flows]),
        ("  p50 / p99 to decision, ms", [_waits(flow.steady.to_decision) for flow in flows]),
        ("  p50 / p99 to action, ms", [_acted(flow.steady) for flow in flows]),
    ):
        table.add_row(name, *row)
    return table


def _cpu(report: Report) -> Table:
    table = Table(title="CPU, ms per case, of a backlog worked off")
    table.add_column("process")
    table.add_column("tickets", justify="right")
    table.add_column("supply events", justify="right")
    table.add_column("idle, % of a core", justify="right")
    tickets, supply = report.tickets, report.supply
    for role in _ORDER:
        for name in report.roles:
            if report.roles[name] == role:
                table.add_row(
                    f"  {name}",
                    f"{tickets.cpu_ms()[name]:.3f}",
                    f"{supply.cpu_ms()[name]:.3f}",
                    f"{100 * report.idle_cores[name]:.1f}",
                )
        sums = [f"{flow.roles_ms()[role.value]:.3f}" for flow in (tickets, supply)]
        table.add_row(Text(role.value, "bold"), *(Text(each, "bold") for each in sums), "")
        table.add_section()
    table.caption = _use(tickets)
    return table


def _use(flow: Flow) -> str | None:
    use = flow.bursts[-1].model
    if use is None:
        return None
    return (
        f"by the assessments themselves {use.compute_ms_per_text:.2f} ms of model time per text"
        f" (waiting for a core included); {use.texts_per_pass:.0f} texts per pass;"
        f" tokens p50 {use.tokens_p50}, p99 {use.tokens_p99}"
    )


def _targets(report: Report) -> Table:
    table = Table(title="Numbers we hold ourselves to")
    for column in ("what", "target", "measured", ""):
        table.add_column(column, justify="left" if column in {"what", ""} else "right")
    for target in report.targets:
        measured = "-" if target.measured is None else f"{target.measured:.3g} {target.unit}"
        met = {True: Text("met", "green"), False: Text("missed", "red"), None: Text("-", "dim")}
        table.add_row(
            target.what,
            f"{target.bound} {target.target:g} {target.unit}",
            measured,
            met[target.met],
        )
    return table


def _capacity(flow: Flow) -> str:
    rates = [burst.per_s for burst in flow.bursts]
    return f"{flow.per_s:.0f} ({min(rates):.0f}-{max(rates):.0f})"


def _ceiling(flow: Flow) -> str:
    rates = sorted(burst.direct.per_s for burst in flow.bursts if burst.direct)
    return f"{rates[len(rates) // 2]:.0f} ({rates[0]:.0f}-{rates[-1]:.0f})" if rates else "-"


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.2f}"


def _actions(flow: Flow) -> str:
    return f"{sum(b.actions for b in flow.bursts) / sum(b.cases for b in flow.bursts):.2f}"


def _settling(flow: Flow) -> str:
    return f"{max(burst.settle_s for burst in flow.bursts):.1f} s"


def _waits(waits: Waits) -> str:
    return f"{waits.p50_ms:.0f} / {waits.p99_ms:.0f}"


def _acted(steady: Steady) -> str:
    return "-" if steady.to_action is None else _waits(steady.to_action)
