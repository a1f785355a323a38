"""Where the gateway listens: over TLS, on IPv6, and what is said where it cannot."""

import socket
import ssl
from pathlib import Path
from typing import Any

import openai
import pytest
import trustme

from mainspring.core.errors import ConfigError
from tests.unit.models.wire import Serve, said
from tests.unit.serve.fronts import HELLO, Start, at


@pytest.fixture
def certificate(tmp_path: Path) -> "tuple[trustme.CA, dict[str, Any]]":
    """Make a certificate for this machine, and say where it and its key are."""
    authority = trustme.CA()
    made = authority.issue_cert("127.0.0.1")
    chain, secret = tmp_path / "chain.pem", tmp_path / "key.pem"
    made.cert_chain_pems[0].write_to_path(chain)
    made.private_key_pem.write_to_path(secret)
    return authority, {"tls_cert": str(chain), "tls_key": str(secret)}


async def test_clients_that_trust_its_certificate_are_served_over_tls(
    certificate: "tuple[trustme.CA, dict[str, Any]]", serve: Serve, front: Start
) -> None:
    authority, tls = certificate
    opened = await front({"near": at(await serve(said("Hi.")))}, **tls)
    assert opened.url.startswith("https://127.0.0.1:")
    context = ssl.create_default_context()
    authority.configure_trust(context)
    http = openai.DefaultAsyncHttpxClient(verify=context)
    async with openai.AsyncOpenAI(base_url=f"{opened.url}/v1", api_key="none", http_client=http) as client:
        reply = await client.chat.completions.create(model="near", messages=HELLO)
    assert reply.choices[0].message.content == "Hi."
    with pytest.raises(openai.APIConnectionError):
        await (await opened.client()).models.list()


async def test_a_certificate_that_cannot_be_used_is_told_of(
    certificate: "tuple[trustme.CA, dict[str, Any]]", tmp_path: Path, front: Start
) -> None:
    _, tls = certificate
    for file, words in ((tmp_path / "none.pem", "No such file"), (Path(tls["tls_key"]), "cannot be used")):
        with pytest.raises(ConfigError, match=words):
            await front({}, **tls | {"tls_cert": str(file)})


async def test_a_port_that_is_taken_is_told_of(front: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"cannot listen on 127\.0\.0\.1:{port}: .*another host or port"):
            await front({}, port=port)


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
async def test_it_listens_on_ipv6(serve: Serve, front: Start) -> None:
    opened = await front({"near": at(await serve(said("Hi.")))}, host="::1")
    assert opened.url.startswith("http://[::1]:")
    reply = await (await opened.client()).chat.completions.create(model="near", messages=HELLO)
    assert reply.choices[0].message.content == "Hi."
