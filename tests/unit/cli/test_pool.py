"""`mainspring pool status`: what a running gateway says, and what the members answer where there is none."""

import asyncio
import json
import os
import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from typer.testing import Result

from mainspring.cli.pools.asking import door
from mainspring.cli.pools.looking import Looker, Served
from mainspring.core.errors import ModelUnavailable
from mainspring.models.config import Settings
from mainspring.models.http import Address, post
from mainspring.serve import GatewaySettings, hashed, open_gateway, serving
from tests.unit.cli.conftest import Cli
from tests.unit.models.wire import HANG, Wire, answer, refusal, said

BODY = b'{"model": "support", "messages": [{"role": "user", "content": "Hello."}]}'
USAGE = {
    "prompt_tokens": 20_000, "completion_tokens": 5_000, "prompt_tokens_details": {"cached_tokens": 5_000},
}  # fmt: skip
MODELS = answer({"data": []})


@contextmanager
def _nowhere() -> Iterator[str]:
    """Give the address of a port where nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


@asynccontextmanager
async def _gateway(models: dict[str, Any], **gateway: Any) -> AsyncIterator[str]:
    """Serve these models, and give the gateway's address."""
    wanted = GatewaySettings(**({"port": 0} | gateway))
    async with (
        open_gateway(Settings.model_validate({"models": models}), wanted, "unused.db") as opened,
        serving(opened, wanted) as url,
    ):
        yield url


@asynccontextmanager
async def _three_tiers() -> AsyncIterator[str]:
    """Serve a pool one of whose members is gone, one asks for patience, and one has answered."""
    limited = refusal("429 Too Many Requests", "slow\x1b[2J down", ["Retry-After: 600"])
    with _nowhere() as gone:
        async with Wire(limited) as busy, Wire(said("Hi.", usage=USAGE)) as well:
            members = [
                {"url": f"{gone}/v1", "model": "m", "name": "gone"},
                {"url": busy.base_url, "model": "m", "name": "busy", "tier": 2},
                {
                    "url": well.base_url, "model": "m", "name": f"well-{'x' * 90}-end", "tier": 3, "weight": 0.5,
                    "concurrency": 4, "price": {"input": "1", "output": "2"},
                },
            ]  # fmt: skip
            async with _gateway({"support": {"members": members}}) as url:
                await _call(url)
                yield url


async def _call(url: str) -> None:
    await post(Address(f"{url}/v1"), "/chat/completions", BODY)


async def _status(cli: Cli, *arguments: str) -> Result:
    """Run the command beside the gateway of this event loop."""
    return await asyncio.to_thread(cli, "pool", "status", *arguments)


def _looker(url: str, settings: Settings | None = None) -> Looker:
    return Looker(door(url, GatewaySettings()), settings or Settings(), ())


def _lines(shown: str) -> list[str]:
    """Give the lines, with single spaces."""
    return [" ".join(line.split()) for line in shown.splitlines()]


def _configure(text: str) -> None:
    """Write the settings, and the file of a model that is here."""
    Path("mainspring.toml").write_text(text)
    Path("here.gguf").write_bytes(b"GGUF")


@asynccontextmanager
async def _status_process(*arguments: str, **streams: Any) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the command in a process of its own, which ends with the block."""
    command = ["-m", "mainspring", "pool", "status", *arguments]
    process = await asyncio.create_subprocess_exec(sys.executable, *command, **streams)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def _terminal(n_columns: int) -> tuple[int, int, dict[str, str]]:
    """Give both ends of a terminal of ten lines, and the environment of a process in it."""
    environment = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
    environment |= {"TERM": "xterm-256color", "COLUMNS": str(n_columns), "LINES": "10"}
    return (*pytest.importorskip("pty").openpty(), environment)


def _read(terminal: int, until: str | None = None) -> str:
    """Read what a terminal shows: all of it, or until there is something."""
    shown = b""
    while until is None or until.encode() not in shown:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux says so when the last program has left the terminal
            piece = b""
        if not piece:
            os.close(terminal)
            break
        shown += piece
    return shown.decode()


def _plain(shown: str) -> list[str]:
    """Give the lines without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines()


async def test_each_member_is_drawn_with_how_it_stands_and_why(cli: Cli) -> None:
    async with _three_tiers() as url:
        result = await _status(cli, "--url", url)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = _lines(result.stdout)
    assert lines[0].startswith(url)
    assert lines[2] == "member state tier weight in flight mean calls failed tok in cached out spent"
    assert lines[3] == "support 1 of 3 well"
    assert re.fullmatch(r"✗ gone ejected( \d s|, due) 1 0 1 100 % 0 0 \$0", lines[4])
    assert lines[5].startswith("model server http://127.0.0.1:")
    assert re.fullmatch(r"○ busy resting (10 min|9 min \d+ s) 2 0 1 100 % 0 0 \$0", lines[6])
    assert lines[7].endswith("answered 429: slow␛[2J down")
    assert re.fullmatch(
        rf"● well-{'x' * 90}-end well 3 0\.5 ░{{8}} 0/4 [\d.]+ m?s 1 0 20\.0k 25 % 5,000 \$0\.03", lines[8]
    )
    assert "\x1b" not in result.stdout


async def test_a_wide_terminal_shows_a_table_that_fits() -> None:
    async with _three_tiers() as url:
        outer, inner, environment = _terminal(130)
        async with _status_process("--url", url, stdout=inner, stderr=inner, env=environment) as process:
            os.close(inner)
            shown = await asyncio.to_thread(_read, outer)
            assert await process.wait() == 0
    lines = _plain(shown)
    assert "\x1b[32mwell" in shown
    assert max(map(len, lines)) <= 130
    row = next(line for line in lines if line.startswith("  ● "))
    assert re.match(r"  ● well-x+…x+-end  well +3 +0\.5  ░{8} 0/4 ", row)
    assert lines[2].index("in flight") == row.index("░")


async def test_a_narrow_terminal_shows_blocks_redrawn_in_place_and_what_was_last_shown_stays() -> None:
    async with _three_tiers() as url:
        outer, inner, environment = _terminal(60)
        streams = {"stdout": inner, "stderr": inner, "env": environment}
        async with _status_process("--watch", "--url", url, **streams) as process:
            os.close(inner)
            shown = await asyncio.to_thread(_read, outer, "more lines")
            process.send_signal(signal.SIGINT)
            shown += await asyncio.to_thread(_read, outer)
            assert await process.wait() == 130
    in_place, _, left_behind = shown.partition("\x1b[?1049l")
    assert "\x1b[?1049h" in in_place
    assert "25 % cached" not in in_place
    lines = _plain(left_behind)
    assert max(map(len, lines)) <= 60
    block = lines[[line.startswith("  ● ") for line in lines].index(True) :]
    assert re.fullmatch(r"  ● well-x+…x+-end +well", block[0])
    assert block[1].startswith("    tier 3 · weight 0.5 · ░░░░░░░░ 0 of 4 in flight")
    assert block[-1] == "    20.0k tokens in (25 % cached) · 5,000 out · $0.03 spent"


async def test_the_document_has_every_figure_of_a_member(cli: Cli) -> None:
    async with _three_tiers() as url:
        document = json.loads((await _status(cli, "--json", "--url", f"{url}/v1/", "support")).stdout)
    assert (document["source"], document["gateway"]) == ("gateway", url)
    [pool] = document["pools"]
    assert (pool["name"], pool["is_well"], pool["waiting"]) == ("support", True, 0)
    gone, busy, well = pool["members"]
    assert [member["state"] for member in (gone, busy, well)] == ["ejected", "resting", "well"]
    assert busy["reason"].endswith("slow\x1b[2J down")
    figures = {name: well[name] for name in ("calls", "input_tokens", "cached_tokens", "cost_usd", "calls_per_s")}
    assert figures == {
        "calls": 1, "input_tokens": 20_000, "cached_tokens": 5_000, "cost_usd": "0.03", "calls_per_s": None,
    }  # fmt: skip


async def test_a_pool_with_nobody_to_ask_is_exit_code_1(cli: Cli) -> None:
    with _nowhere() as gone:
        models = {
            name: {"members": [{"url": f"{gone}/v1", "model": "m"}], "deadline_s": 0.05}
            for name in ("support", "x")
        }
        async with _gateway(models) as url:
            with pytest.raises(ModelUnavailable):
                await _call(url)
            both, other = await _status(cli, "--url", url), await _status(cli, "--url", url, "x")
    assert both.exit_code == 1
    assert "support none of 1 well" in _lines(both.stdout)
    assert other.exit_code == 0
    assert "support" not in other.stdout


async def test_a_model_that_is_not_there_is_refused_with_the_nearest_name(cli: Cli) -> None:
    async with _three_tiers() as url:
        result = await _status(cli, "suport", "--url", url)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"error: the gateway at {url} has no model 'suport'; did you mean 'support'?; there are support\n"
    )


async def test_a_key_shows_the_models_that_it_may_use_and_a_wrong_one_is_said_to_be_wrong(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = {"base_url": "http://127.0.0.1:9/v1", "model": "m"}
    keys = {"team": {"sha256": hashed("ms-right"), "models": ["one"]}}
    async with _gateway({"one": model, "two": model}, keys=keys) as url:
        without = await _status(cli, "--url", url)
        monkeypatch.setenv("MAINSPRING_GATEWAY_KEY", "ms-wrong")
        wrong = await _status(cli, "--url", url)
        monkeypatch.setenv("MAINSPRING_GATEWAY_KEY", "ms-right\n")
        right = json.loads((await _status(cli, "--url", url, "--json")).stdout)
    assert (without.exit_code, wrong.exit_code) == (2, 2)
    assert "wants a key; set the environment variable MAINSPRING_GATEWAY_KEY" in without.stderr
    assert "does not know the key in MAINSPRING_GATEWAY_KEY" in wrong.stderr
    assert "ms-wrong" not in wrong.stderr
    assert [pool["name"] for pool in right["pools"]] == ["one"]


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (answer(b"\n<!doctype html><p>Hello", content_type="text/html"), "it answered a web page to /pool"),
        (answer({"pools": [{"name": 1}]}), "it answered something else than pools to /pool"),
        (
            answer({"error": {"message": "unknown path"}}, status="404 Not Found"),
            "it answered 404 to /pool: unknown",
        ),
        (answer(b"<html>", status="302 Found", headers=["Location: /login"]), "it answered 302 to /pool; is"),
        (b"\x15\x03\x03\x00\x02\x02\x50", "does not speak HTTP; is it https://?"),
    ],
)
async def test_what_is_no_gateway_is_said_to_be_none(cli: Cli, response: bytes, words: str) -> None:
    async with Wire(response) as other:
        result = await _status(cli, "--url", other.base_url)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("url", ["localhost:4000", "ftp://here", "http://", "http://h:port", "http://key@host"])
def test_what_is_no_url_is_refused(cli: Cli, url: str) -> None:
    result = cli("pool", "status", "--url", url)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")


async def test_a_certificate_counts_where_ssl_cert_file_names_who_signed_it(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path("cert.pem")
    issued.private_key_pem.write_to_path("key.pem")
    authority.cert_pem.write_to_path("authority.pem")
    model = {"base_url": "http://127.0.0.1:9/v1", "model": "m"}
    async with _gateway({"one": model}, tls_cert=Path("cert.pem"), tls_key=Path("key.pem")) as url:
        strange = await _status(cli, "--url", url)
        monkeypatch.setenv("SSL_CERT_FILE", "authority.pem")
        known = await _status(cli, "--url", url)
    assert strange.exit_code == 2
    assert f"the certificate of {url} is not trusted" in strange.stderr
    assert "set SSL_CERT_FILE" in strange.stderr
    assert (known.exit_code, known.stderr) == (0, "")


async def test_without_a_gateway_the_members_are_asked_and_nothing_is_started(cli: Cli) -> None:
    rejected = refusal("401 Unauthorized", "who are you?", [])
    with _nowhere() as gone:
        async with Wire(MODELS) as well, Wire(rejected) as shut:
            _configure(f"""
[gateway]
port = {gone.rpartition(":")[2]}
[models.support]
members = [
  {{ url = "{well.base_url}", model = "m", name = "well" }},
  {{ url = "{shut.base_url}", model = "m", name = "shut", tier = 2 }},
  {{ url = "{gone}/v1", model = "m", name = "gone" }},
  {{ provider = "openai", model = "gpt-5-mini", weight = 0.5 }},
]
[models.quick]
provider = "local"
model = "here.gguf"
[models.later]
provider = "local"
model = "smollm2-135m"
""")
            result = await _status(cli)
    assert result.exit_code == 1
    assert result.stderr == (
        f"no gateway answers at {gone}: nobody listens there; start one with `mainspring gateway`\n"
    )
    lines = _lines(result.stdout)
    assert lines[2:4] == ["member state tier weight round trip", "support 1 of 4 well"]
    assert re.fullmatch(r"● well reachable 1 [\d.]+ m?s", lines[4])
    assert lines[5] == "✗ shut not reachable 2"
    assert lines[6].endswith("answered 401: who are you? (check the API key)")
    assert "✗ gone not reachable 1" in lines
    assert lines[lines.index("✗ openai:gpt-5-mini not reachable 1 0.5") + 1].endswith("variable OPENAI_API_KEY")
    assert "● quick file is here 1" in lines
    assert lines[lines.index("○ later file is not here 1") + 1] == (
        "fetch it with `mainspring models pull smollm2-135m`"
    )
    assert [asked.path for asked in (*well.asked, *shut.asked)] == ["/v1/models", "/v1/models"]


async def test_without_a_gateway_it_is_exit_code_0_where_every_pool_has_a_member_that_answers(cli: Cli) -> None:
    with _nowhere() as gone:
        async with Wire(MODELS) as well:
            _configure(f"""
[models.support]
members = [{{ url = "{well.base_url}", model = "m" }}, {{ url = "{gone}/v1", model = "m" }}]
""")
            result = await _status(cli, "--json", "--url", gone)
    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert f"start one with `mainspring gateway --port {gone.rpartition(':')[2]}`" in result.stderr
    assert (document["source"], document["gateway"]) == ("members", None)
    [pool] = document["pools"]
    assert [member["state"] for member in pool["members"]] == ["reachable", "unreachable"]
    assert pool["members"][0]["round_trip_s"] > 0


async def test_a_proxy_whose_gateway_is_gone_is_no_gateway(cli: Cli) -> None:
    _configure('[models.quick]\nprovider = "local"\nmodel = "nowhere.gguf"\n')
    async with Wire(answer(b"<html>Bad Gateway", status="502 Bad Gateway")) as proxy:
        result = await _status(cli, "--url", proxy.base_url)
    assert result.exit_code == 1
    assert "a proxy there answered 502; start one with" in result.stderr
    assert "there is no file 'nowhere.gguf'" in result.stdout


async def test_a_gateway_that_says_nothing_is_given_up(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainspring.cli.pools.asking._DEADLINE_S", 0.05)
    _configure('[models.quick]\nprovider = "local"\nmodel = "nowhere.gguf"\n')
    async with Wire(HANG) as silent:
        result = await _status(cli, "--url", silent.base_url)
    assert "nothing came within 0.05 s" in result.stderr


async def test_watched_as_json_each_look_is_a_line_until_ctrl_c() -> None:
    async with _three_tiers() as url, _status_process("--watch", "--json", "--url", url, stdout=PIPE) as process:
        assert process.stdout is not None
        looks = [json.loads(await process.stdout.readline()) for _ in range(2)]
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 130
    assert [look["pools"][0]["members"][2]["calls_per_s"] for look in looks] == [None, 0.0]
    assert looks[0]["at"] < looks[1]["at"]


async def test_watched_without_a_terminal_table_follows_table_without_escape_codes() -> None:
    async with _three_tiers() as url, _status_process("--watch", "--url", url, stdout=PIPE) as process:
        assert process.stdout is not None
        lines = [(await process.stdout.readline()).decode() for _ in range(14)]
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 128 + signal.SIGTERM
    assert [place for place, line in enumerate(lines) if line.startswith(url)] == [0, 10]
    assert lines[9] == "\n"
    assert "\x1b" not in "".join(lines)


async def test_looks_that_follow_each_other_tell_calls_per_second() -> None:
    async with Wire(said("Hi."), said("Hi.")) as well:
        models = {"support": {"base_url": well.base_url, "model": "m"}}
        async with _gateway(models) as url:
            looker = _looker(url)
            await looker.look()
            await _call(url)
            await _call(url)
            later = await looker.look()
        async with _gateway(models, port=int(url.rpartition(":")[2])):
            restarted = await looker.look()
    assert isinstance(later, Served)
    assert later.rates["support", "support"] > 0
    assert isinstance(restarted, Served)
    assert restarted.rates == {}


async def test_looking_goes_on_while_the_gateway_goes_and_comes_back() -> None:
    models = {"support": {"base_url": "http://127.0.0.1:9/v1", "model": "m"}}
    async with Wire(MODELS, MODELS) as well:
        settings = Settings.model_validate({"models": {"mine": {"base_url": well.base_url, "model": "m"}}})
        async with _gateway(models) as url:
            looker = _looker(url, settings)
            looks = [await looker.look()]
        looks += [await looker.look(), await looker.look()]
        async with _gateway(models, port=int(url.rpartition(":")[2])):
            looks.append(await looker.look())
    assert [[pool.name for pool in look.pools] for look in looks] == [["support"], ["mine"], ["mine"], ["support"]]
    assert len(well.asked) == 1, "members are not asked at each look"
