"""A model over the ranks of a job: each solves for its part, and rank 0 gathers the whole.

partition → part and its model → space with borders → … → values of the whole on rank 0
"""

from femcrust.ranks.picked import Picked
from femcrust.ranks.share import Share, share
from femcrust.ranks.state import gathered, scattered

__all__ = ["Picked", "Share", "gathered", "scattered", "share"]
