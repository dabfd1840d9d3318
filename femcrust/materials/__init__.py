"""What the ground is made of: elastic moduli and density of every tetrahedron."""

from femcrust.materials.elastic import Elastic, elastic_fields

__all__ = ["Elastic", "elastic_fields"]
