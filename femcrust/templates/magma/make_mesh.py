"""Mesh a box with a spherical cavity: python make_mesh.py, then femcrust run cavity.yaml.

Needs gmsh (installed with femcrust) and, on Debian or Ubuntu, libglu1-mesa libxft2 libxcursor1
libxinerama1. Change the numbers below; the names are used in cavity.yaml.
"""

import math

import gmsh

KM = 1000.0
HALF, DEPTH = 40 * KM, 35 * KM  # of the box
CENTER_DEPTH, RADIUS = 5 * KM, 1 * KM
NEAR, FAR, GROWTH = 0.15 * KM, 5 * KM, 0.15  # edge at the wall, largest, growth per distance

gmsh.initialize()
gmsh.option.setNumber("General.Terminal", 0)
occ = gmsh.model.occ
box = occ.addBox(-HALF, -HALF, -DEPTH, 2 * HALF, 2 * HALF, DEPTH)
sphere = occ.addSphere(0, 0, -CENTER_DEPTH, RADIUS)
(rock, *_), _ = occ.cut([(3, box)], [(3, sphere)])
occ.synchronize()
# A polyhedron inscribed in the sphere is smaller than it; the wall is where its points are.
wall = [
    tag
    for _, tag in gmsh.model.getBoundary([rock], oriented=False)
    if max(map(abs, gmsh.model.getBoundingBox(2, tag)[:2])) < 2 * RADIUS
]
gmsh.model.setPhysicalName(3, gmsh.model.addPhysicalGroup(3, [rock[1]]), "rock")
gmsh.model.setPhysicalName(2, gmsh.model.addPhysicalGroup(2, wall), "cavity")
distance = gmsh.model.mesh.field.add("Distance")
gmsh.model.mesh.field.setNumbers(distance, "SurfacesList", wall)
gmsh.model.mesh.field.setNumber(distance, "Sampling", 40)
size = gmsh.model.mesh.field.add("MathEval")
gmsh.model.mesh.field.setString(size, "F", f"min({FAR}, {NEAR} + {GROWTH} * F{distance})")
gmsh.model.mesh.field.setAsBackgroundMesh(size)
for option in ("MeshSizeExtendFromBoundary", "MeshSizeFromPoints", "MeshSizeFromCurvature"):
    gmsh.option.setNumber(f"Mesh.{option}", 0)
gmsh.option.setNumber("Mesh.Algorithm3D", 10)  # HXT
gmsh.model.mesh.generate(3)
gmsh.model.mesh.optimize("Relocate3D")
gmsh.write("mesh.msh")
points = len(gmsh.model.mesh.getNodes()[0])
print(f"mesh.msh: {points:,} points; a sphere of {4 / 3 * math.pi * (RADIUS / KM) ** 3:.3g} km³")
gmsh.finalize()
