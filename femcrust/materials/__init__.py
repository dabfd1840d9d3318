"""What the ground is made of: moduli and density of every tetrahedron, and how it relaxes."""

from femcrust.materials.elastic import Elastic, elastic_fields, nearly_incompressible
from femcrust.materials.relaxing import Relaxing, relaxing_fields

__all__ = ["Elastic", "Relaxing", "elastic_fields", "nearly_incompressible", "relaxing_fields"]
