"""`mainspring eval`: models behind a server are held to suites, and compared; results are kept, shown and drawn."""

import json
from collections import Counter
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from tests.unit.cli.conftest import Cli
from tests.unit.cli.serving import Handler

SETTINGS = """
[models]
base = {{ provider = "here", model = "base", price = {{ input = "1", output = "1" }} }}
tuned = {{ provider = "here", model = "tuned", price = {{ input = "0.1", output = "0.1" }} }}

[providers.here]
base_url = "{url}/v1"
mode = "native"
"""
CAPITALS = {"France": "Paris", "Italy": "Rome", "Spain": "Madrid", "Peru": "Lima"}


class Geographer(Handler):
    """Knows the capitals; as `base` one of them only, unless it is told to think."""

    served: ClassVar[Counter[str]] = Counter()

    def do_POST(self) -> None:  # noqa: N802 - as the handler calls it
        """Answer the question that was asked last."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        model, words = asked["model"], json.dumps(asked["messages"])
        self.served[model] += 1
        country = next(name for name in CAPITALS if name in words)
        knows = model == "tuned" or country == "Peru" or "Think" in words
        message = {"role": "assistant", "content": CAPITALS[country] if knows else "London"}
        usage = {"prompt_tokens": 10, "completion_tokens": 2}
        choices = [{"message": message, "finish_reason": "stop"}]
        self._send(json.dumps({"model": f"{model}-1", "choices": choices, "usage": usage}).encode())


@pytest.fixture(autouse=True)
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Serve the models, and write down a suite."""
    monkeypatch.setenv("no_proxy", "*")

    class Served(Geographer):
        served: ClassVar[Counter[str]] = Counter()

    rows = [
        {"id": name, "question": f"The capital of {name}?", "expect": {"answer": city}, "tags": ["capitals"]}
        for name, city in CAPITALS.items()
    ]
    Path("suite.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    with ThreadingHTTPServer(("127.0.0.1", 0), Served) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        Path("mainspring.toml").write_text(SETTINGS.format(url=f"http://127.0.0.1:{server.server_address[1]}"))
        try:
            yield Served.served
        finally:
            server.shutdown()
            thread.join()


def test_a_model_is_held_to_a_suite_and_what_is_wrong_is_shown(cli: Cli) -> None:
    result = cli("eval", "run", "suite.jsonl", "--model", "base")
    assert result.exit_code == 0, result.stderr
    assert "base on suite" in result.stdout
    assert "25.0% (4.6% to 69.9%), 1 of 4 wholly right" in result.stdout
    assert "it is not 'Paris'" in result.stdout
    assert "said  London" in result.stdout
    (kept,) = Path("evals/suite").iterdir()
    assert len(kept.read_text().splitlines()) == 5


def test_a_run_in_json_has_every_outcome(cli: Cli) -> None:
    result = cli("eval", "run", "suite.jsonl", "--model", "base", "--model", "tuned", "--json")
    base, tuned = json.loads(result.stdout)
    assert (base["score"], tuned["score"]) == (0.25, 1)
    assert base["answered_by"] == ["base-1"]
    assert {one["case"]: one["said"] for one in tuned["outcomes"]} == CAPITALS


def test_out_and_limit_are_kept_to(cli: Cli) -> None:
    result = cli("eval", "run", "suite.jsonl", "--model", "tuned", "--limit", "2", "--out", "mine.jsonl", "--json")
    assert json.loads(result.stdout)[0]["n_cases"] == 2
    assert len(Path("mine.jsonl").read_text().splitlines()) == 3
    assert cli("eval", "run", "suite.jsonl", "--model", "a", "--model", "b", "--out", "x").exit_code == 2


def test_models_are_compared_and_asked_only_where_nothing_is_known(cli: Cli, served: Counter[str]) -> None:
    cli("eval", "run", "suite.jsonl", "--model", "base")
    result = cli("eval", "compare", "--models", "base,tuned", "--suite", "suite.jsonl", "--page", "it.html")
    assert result.exit_code == 0, result.stderr
    assert served == {"base": 4, "tuned": 4}
    assert "tuned: 3 gained and 0 lost against base" in result.stdout
    assert "+75.0" in result.stdout
    assert "(×0.1)" in result.stdout
    assert "<svg" in Path("it.html").read_text()
    again = cli("eval", "compare", "--models", "base,tuned", "--suite", "suite.jsonl", "--json")
    assert served == {"base": 4, "tuned": 4}
    document = json.loads(again.stdout)
    assert document["against"] == "base"
    assert document["sides"][1]["difference"]["gained"] == ["France", "Italy", "Spain"]


def test_prompts_are_compared_with_one_model(cli: Cli) -> None:
    Path("plain.prompt.md").write_text("Answer.")
    Path("careful.prompt.md").write_text("Think first.")
    prompts = "plain.prompt.md,careful.prompt.md"
    result = cli("eval", "compare", "--models", "base", "--prompts", prompts, "--suite", "suite.jsonl", "--json")
    assert result.exit_code == 0, result.stderr
    sides = json.loads(result.stdout)["sides"]
    assert [(side["name"], side["score"]["estimate"]) for side in sides] == [("plain@1", 0.25), ("careful@1", 1)]


def test_a_changed_suite_is_asked_anew(cli: Cli, served: Counter[str]) -> None:
    cli("eval", "compare", "--models", "base", "--suite", "suite.jsonl")
    path = Path("suite.jsonl")
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:3]))
    cli("eval", "compare", "--models", "base", "--suite", "suite.jsonl")
    assert served == {"base": 7}


def test_results_are_listed_shown_and_told_apart(cli: Cli) -> None:
    assert "no results" in cli("eval", "list").stdout
    cli("eval", "run", "suite.jsonl", "--model", "base", "--model", "tuned")
    listed = cli("eval", "list").stdout.splitlines()
    assert [line.split()[:1][0].split("-")[0] for line in listed[1:]] == ["suite/base", "suite/tuned"]
    assert "100.0%" in cli("eval", "show", "tuned").stdout
    found = cli("eval", "diff", "base", "tuned").stdout
    assert "gained  3 cases" in found
    assert "- London" in found
    assert "+ Paris" in found
    kinds = [change["kind"] for change in json.loads(cli("eval", "diff", "base", "tuned", "--json").stdout)]
    assert kinds == ["gained"] * 3
    assert cli("eval", "show", "nobody").exit_code == 2


def test_a_suite_is_checked_line_by_line(cli: Cli) -> None:
    assert "sound: nothing is wrong" in cli("eval", "check", "suite.jsonl").stdout
    with Path("suite.jsonl").open("a") as file:
        file.write('{"question": "?"}\n')
    result = cli("eval", "check", "suite.jsonl")
    assert result.exit_code == 1
    assert "✗ suite.jsonl:5: expect: Field required" in result.stdout
    refused = cli("eval", "run", "suite.jsonl", "--model", "base")
    assert refused.exit_code == 2
    assert "suite.jsonl:5: expect: Field required" in refused.stderr


def test_what_is_wrong_with_the_options_is_said(cli: Cli) -> None:
    which = cli("eval", "check", "suite.jsonl", "--decisions", "none")
    assert which.exit_code == 2
    assert "--decisions 'none' is none of last, calls, every" in which.stderr
    against = cli("eval", "compare", "--models", "base", "--suite", "suite.jsonl", "--against", "2")
    assert "--against 2 is none of the 1" in against.stderr
    assert "there is no model 'nobody'" in cli("eval", "run", "suite.jsonl", "--model", "nobody").stderr
