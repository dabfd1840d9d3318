"""Operators of the discretised body, built from plain arrays."""

from __future__ import annotations

from femcrust.operators.elastic import ElasticOperator, elastic

__all__ = ["ElasticOperator", "elastic"]
