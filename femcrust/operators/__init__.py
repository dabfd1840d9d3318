"""Operators of the discretised body, built from plain arrays."""

from __future__ import annotations

from femcrust.operators.elastic import ElasticOperator, elastic, with_moduli
from femcrust.operators.load import load, stress

__all__ = ["ElasticOperator", "elastic", "load", "stress", "with_moduli"]
