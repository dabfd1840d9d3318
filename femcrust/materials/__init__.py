"""What the ground is made of: elastic moduli and density of every tetrahedron."""

from femcrust.materials.elastic import Elastic, elastic_fields, nearly_incompressible

__all__ = ["Elastic", "elastic_fields", "nearly_incompressible"]
