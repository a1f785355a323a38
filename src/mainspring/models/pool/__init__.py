"""Pools: several servers behind one name.

`Pool` decides who is asked, who waits and who is left out, whatever is sent; `PooledModel` is a model whose calls
go through one. Imports the core and the model room's own wire.
"""

from mainspring.models.pool.call import Called, Lost, Try
from mainspring.models.pool.member import Member
from mainspring.models.pool.model import PooledModel
from mainspring.models.pool.pool import Pool
from mainspring.models.pool.settings import PoolSettings

__all__ = ["Called", "Lost", "Member", "Pool", "PoolSettings", "PooledModel", "Try"]
