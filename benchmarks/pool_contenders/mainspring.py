"""Mainspring's `Pool` at its defaults, with and without a second call where the first one is slow."""

from random import Random

from benchmarks.pool_contender import ATTEMPTS, Contender
from benchmarks.pool_servers import Refused, Server, Servers
from benchmarks.virtual_time import VirtualClock
from mainspring.core.errors import ModelError, ModelUnavailable
from mainspring.models.pool import Member, Pool, PoolSettings, Try


def hedged(servers: Servers, random: Random) -> Contender:
    """Send a call a second time once it is slower than nine of ten."""
    return _pooled(servers, random, PoolSettings(attempts=ATTEMPTS, hedge="p90"))


def unhedged(servers: Servers, random: Random) -> Contender:
    """Send a call a second time only where it failed."""
    return _pooled(servers, random, PoolSettings(attempts=ATTEMPTS))


def _pooled(servers: Servers, random: Random, settings: PoolSettings) -> Contender:
    members = [Member(server.name, server) for server in servers]
    pool = Pool("simulated", members, settings, clock=VirtualClock(), random=random)
    return Contender(lambda: pool.call(_sent), failures=(ModelError,))


async def _sent(tried: Try[Server]) -> None:
    try:
        await tried.member.endpoint.serve()
    except Refused as error:
        raise ModelUnavailable(str(error), error.retry_after_s, error.status) from error
