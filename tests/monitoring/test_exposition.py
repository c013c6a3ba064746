"""Prometheus' text format, read back with its own client; and the two addresses over HTTP."""

import json
import threading
import urllib.error
import urllib.request
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from brain_core.errors import ConfigError, StoreError
from brain_core.monitoring import checks, exposition, records
from brain_core.monitoring.reading import Totals
from brain_core.monitoring.report import Report, of_period
from brain_core.monitoring.server import Kept, address_of, server
from brain_core.settings.monitor import MonitorSettings
from brain_core.store import predictions, retention
from brain_core.store.records import now
from tests.monitoring.rows import CNN, at, feedback, row
from tests.monitoring.test_alerts import period, references
from tests.store.sample_rows import failure

LIMITS = MonitorSettings(least_n=5)
TOTALS = Totals({(CNN, 'odd "version"\n'): 7}, {"ScanError": 2})


def report(failed: int = 0, limits: MonitorSettings = LIMITS) -> Report:
    rows = [row(f"{i}", 0.1 if i == 0 else 0.9, at=at("2026-03-01"), opinion="tumor") for i in range(12)]
    told = [feedback(f"{i}") for i in range(8)]
    found = period(rows, [failure(at=at("2026-03-01"))] * failed, told)
    return of_period(found, at("2026-03-02"), 30, (checks.store(None),), limits, lambda *_: references())


def samples(text: str) -> dict:
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_every_figure_is_read_back():
    found = samples(exposition.text(report(failed=4), TOTALS))
    whose = (("model", CNN), ("version", "2026-01"))
    assert found["brain_predictions_total", ("model", CNN), ("version", 'odd "version"\n')] == 7
    assert found["brain_failures_total", ("kind", "ScanError")] == 2
    assert found["brain_alert", ("measure", ""), ("model", ""), ("name", "errors"), ("version", "")] == 1
    assert found["brain_alert", ("measure", ""), ("model", ""), ("name", "store"), ("version", "")] == 0
    score = (("measure", "score"), ("model", CNN), ("name", "drift"), ("version", "2026-01"))
    assert found["brain_alert", *score] == 0 and found["brain_alert_undecided", *score] == 1
    assert found["brain_inputs", ("state", "failed")] == 4
    assert found["brain_error_ratio", ("bound", "value")] == 0.25
    assert found["brain_prediction_seconds", ("model", CNN), ("quantile", "0.95"), ("version", "2026-01")] == 0.25
    assert found["brain_sensitivity_ratio", ("bound", "value"), *whose] == 7 / 8
    missed = (("finding", "tumor"), ("label", "no tumor"), *whose)
    assert found["brain_confirmed_cases", *missed] == 1
    assert found["brain_window_seconds",] == 30 * 86400
    assert not any(name == "brain_specificity_ratio" for name, *_ in found)  # no case without a tumour


def test_names_and_types_are_as_the_naming_rules_ask():
    families = list(text_string_to_metric_families(exposition.text(report(), TOTALS)))
    assert all(family.name.startswith("brain_") and family.documentation for family in families)
    assert {family.name for family in families if family.type == "counter"} == {"brain_predictions", "brain_failures"}
    assert {family.type for family in families} == {"counter", "gauge"}


def test_a_store_that_cannot_be_read_still_has_its_alert():
    found = samples(exposition.text(Report(now(), 30, None, (), (checks.store("gone"),)), Totals({}, {})))
    assert found["brain_alert", ("measure", ""), ("model", ""), ("name", "store"), ("version", "")] == 1


def test_as_json_and_as_a_table():
    found = report(failed=4)
    data = json.loads(json.dumps(records.to_json(found), allow_nan=False))
    assert data["alerts_on"] == len(found.on) > 0
    assert data["usage"]["errors"]["value"] == 0.25 and data["models"][0]["outcome"]["fn"] == 1
    table = records.to_table(found)
    assert "12 scored, 4 failed: 0.250" in table and "missed 1" in table and "\nON " in table
    assert records.health(found)["status"] == "alert"
    assert records.health(report(limits=MonitorSettings()))["status"] == "ok"  # too few to tell


@pytest.mark.parametrize(
    ("text", "expected"),
    [("9180", ("127.0.0.1", 9180)), ("0.0.0.0:80", ("0.0.0.0", 80)), ("[::1]:9", ("::1", 9)), ("host:1", ("host", 1))],
)
def test_an_address_is_localhost_unless_said_otherwise(text, expected):
    assert address_of(text) == expected


@pytest.mark.parametrize("text", ["", "abc", "host:", ":1", "1.2.3.4:70000", "-1", "host:port"])
def test_another_address_is_refused(text):
    with pytest.raises(ConfigError, match=r"--listen: expected \[ADDRESS:\]PORT"):
        address_of(text)


@pytest.fixture
def serving(sqlite, settings):
    """The address of a server on this machine."""
    made = server("127.0.0.1", 0, 30)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{made.server_address[1]}"
    made.shutdown()
    made.server_close()
    thread.join()


def get(url: str, method: str = "GET") -> tuple[int, str, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=20) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read().decode()


def test_health_is_200_without_an_alert_and_metrics_can_be_read(serving):
    predictions.add([row("a", at=now())])
    status, kind, body = get(f"{serving}/healthz?x=1")
    assert (status, kind, json.loads(body)["status"]) == (200, "application/json", "ok")
    status, kind, body = get(f"{serving}/metrics")
    assert status == 200 and kind.startswith("text/plain") and "version=" in kind
    assert samples(body)["brain_predictions_total", ("model", CNN), ("version", "2026-01")] == 1
    assert get(f"{serving}/healthz", "HEAD")[2] == ""


def test_health_is_503_while_an_alert_is_on(serving):
    predictions.add([], [failure(at=now()) for _ in range(60)])
    status, _, body = get(f"{serving}/healthz")
    assert status == 503
    assert [alert["name"] for alert in json.loads(body)["alerts"]] == ["errors"]


def test_who_asks_for_figures_has_deleted_what_is_too_old(serving, set_environment):
    predictions.add([row("old", at=now() - timedelta(days=31)), row("young", at=now())])
    set_environment(BRAIN_RETENTION_DAYS=30)
    assert get(f"{serving}/healthz")[0] == 200
    assert [each.case for each in predictions.read()] == [row("young").case]


def test_a_deletion_that_fails_ends_no_server(serving, set_environment, monkeypatch, caplog):
    def fail():
        raise StoreError("The disk is full.")

    set_environment(BRAIN_RETENTION_DAYS=30)
    monkeypatch.setattr(retention, "apply", fail)
    assert get(f"{serving}/metrics")[0] == get(f"{serving}/healthz")[0] == 200
    assert caplog.messages.count("Old predictions were not deleted. The disk is full.") == 1


def test_nothing_else_is_served(serving):
    assert get(f"{serving}/../etc/passwd")[0] == 404 and get(f"{serving}/")[0] == 404
    assert get(f"{serving}/metrics", "POST")[0] == 501


def test_what_was_worked_out_is_kept_for_a_while():
    calls = []
    kept = Kept(lambda: calls.append(1) or len(calls), 1000)
    assert [kept(), kept(), kept()] == [1, 1, 1]
    again = Kept(lambda: calls.append(1) or len(calls), -1)
    assert [again(), again()] == [2, 3]


def test_an_address_of_another_machine_cannot_be_bound():
    with pytest.raises(ConfigError, match="cannot be used"):
        server("192.0.2.1", 0, 30)
