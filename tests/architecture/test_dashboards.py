"""Dashboards and alerts name only metrics that exist."""

import json
import re
from pathlib import Path

import promql_parser
import pytest
import yaml

from services.chassis.names import METRICS

ROOT = Path(__file__).parents[2]
RULES = yaml.safe_load((ROOT / "infra/prometheus/rules/sluice.yml").read_text(encoding="utf-8"))
BOARD = json.loads((ROOT / "infra/grafana/dashboards/flow.json").read_text(encoding="utf-8"))

EXPRESSIONS = [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]] + [
    rule["expr"] for group in RULES["groups"] for rule in group["rules"]
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_parses_and_asks_for_metrics_that_we_expose(expression):
    """A panel over a misspelt metric is empty for ever and looks like peace."""
    promql_parser.parse(expression)
    exposed = set(METRICS) | {
        f"{name}_{part}" for name in METRICS for part in ("bucket", "sum", "count")
    }
    used = set(re.findall(r"sluice_[a-z_]+", expression))
    assert used
    assert used <= exposed


def test_every_alert_leads_to_a_runbook_that_is_there():
    """An alert at night must say what to do."""
    for group in RULES["groups"]:
        for rule in group["rules"]:
            assert (ROOT / rule["annotations"]["runbook_url"]).is_file()
