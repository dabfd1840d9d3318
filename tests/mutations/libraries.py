"""Errors in libraries of Green's functions and slip from them."""

from __future__ import annotations

from mutations.mutation import Mutation

GREENS = ("tests/unit/test_greens.py",)
LATE = ("tests/unit/test_greens_over_time.py",)
CONVOLVED = ("tests/unit/test_greens_convolution.py",)
LIBRARY = ("tests/unit/test_greens_file.py",)
PATCHES = ("tests/verification/greens/test_patches_in_a_half_space.py",)
WEIGHTS = ("tests/unit/test_inversion_weights.py",)
SMOOTHING = ("tests/unit/test_inversion_smoothing.py",)
INVERSION = ("tests/unit/test_inversion.py",)
KNOWN_SLIP = ("tests/verification/inversion/test_known_slip.py",)

LIBRARIES = (
    # libraries of Green's functions
    Mutation(
        "work of strains at vertices without what they share",
        "femcrust/greens/reciprocal.py",
        "(a + a.sum(axis=1, keepdims=True))",
        "(a + 0 * a.sum(axis=1, keepdims=True))",
        GREENS,
    ),
    Mutation(
        "a station beside a fault without the offset of its cell",
        "femcrust/greens/reciprocal.py",
        'found[:, column, here] += np.einsum("na,nac->nc", shape[here], offset)',
        'found[:, column, here] += 0 * np.einsum("na,nac->nc", shape[here], offset)',
        GREENS,
    ),
    Mutation(
        "nodal forces of a disc at other nodes",
        "femcrust/greens/reciprocal.py",
        "AXES * nodes.astype(np.int64)[..., None] + np.arange(AXES)",
        "AXES * nodes[:, [1, 0, 2, 3, 4, 5]].astype(np.int64)[..., None] + np.arange(AXES)",
        GREENS,
    ),
    Mutation(
        "unit forces of a station that are spread like another's",
        "femcrust/greens/station_loads.py",
        "load[where] = share",
        "load[where] = self._shares()[0, 0]",
        GREENS,
    ),
    Mutation(
        "what is prescribed left in every answer",
        "femcrust/greens/problem.py",
        "prescribed=None",
        "prescribed=operator.prescribed",
        GREENS,
    ),
    Mutation(
        "hats that are zero between their vertices",
        "femcrust/greens/hats.py",
        "[touches] = 0.5",
        "[touches] = 0.0",
        GREENS,
    ),
    Mutation(
        "patches down dip first",
        "femcrust/greens/cells.py",
        "tops.reshape(*n, 3).swapaxes(0, 1).reshape(-1, 3)",
        "tops.reshape(-1, 3)",
        GREENS,
    ),
    Mutation(
        "patches that describe their neighbours",
        "femcrust/greens/outlines.py",
        "own = sheet.corners[group, :",
        "own = np.roll(sheet.corners, 1, axis=0)[group, :",
        PATCHES,
    ),
    Mutation(
        "slip down dip taken for slip up dip",
        "femcrust/greens/cells.py",
        "symmetric_dyad(frame[:, component], frame[:, 2])",
        "symmetric_dyad([1, -1, 1][component] * frame[:, component], frame[:, 2])",
        PATCHES,
    ),
    Mutation(
        "grid north taken for true north in a library",
        "femcrust/greens/receivers.py",
        "dict(values) if listed.lonlat is None else dict(true)",
        "dict(values)",
        GREENS,
    ),
    Mutation(
        "values of a batch never compared with their digest",
        "femcrust/greens/seal.py",
        "return self._digest(i) == self._row(i)[1:]",
        "return len(self._digest(i)) == DIGEST",
        LIBRARY,
    ),
    Mutation(
        "what describes a library never compared with its digest",
        "femcrust/greens/seal.py",
        "self.regions, self._table) != digest",
        "self.regions, self._table) == b''",
        LIBRARY,
    ),
    Mutation(
        "a batch that never counts as done",
        "femcrust/greens/seal.py",
        "self._file.seek(self._table + ROW * i)\n            self._file.write(DONE)",
        "self._file.seek(self._table + ROW * i)\n            self._file.write(bytes(1))",
        LIBRARY,
    ),
    Mutation(
        "a library of other moduli continued",
        "femcrust/greens/identity.py",
        "_short_digest(elastic.lam, elastic.mu, *weights)",
        "_short_digest(*weights)",
        LIBRARY,
    ),
    # libraries over time
    Mutation(
        "slip that works on elastic stress where rock has flowed",
        "femcrust/greens/reciprocal.py",
        "work -= self._relaxed_weights @ relaxed",
        "work -= 0 * self._relaxed_weights @ relaxed",
        LATE,
    ),
    Mutation(
        "slip that flows away as strain",
        "femcrust/greens/columns.py",
        "[source]).at([1.0])",
        "[source]).at([0.0])",
        LATE,
    ),
    Mutation(
        "relaxed stress between two steps on another curve than the displacement",
        "femcrust/greens/columns.py",
        "slope = -theta * (1 - theta) / 3",
        "slope = -0.0 * theta",
        LATE,
    ),
    Mutation(
        "an epoch taken at the end of its step",
        "femcrust/greens/course.py",
        "1.0 if theta > 1.0 - SAME else",
        "1.0 if theta > 0.0 - SAME else",
        LATE,
    ),
    Mutation(
        "columns that flow on from the first step's start",
        "femcrust/greens/columns.py",
        "column.flow.accept()",
        "column.flow.bytes",
        LATE,
    ),
    Mutation(
        "steps by tolerance that nothing decides",
        "femcrust/greens/evolution.py",
        "0.0 if columns is None else columns.attempt(dt)",
        "0.0 * (columns is None or columns.attempt(dt))",
        LATE,
    ),
    Mutation(
        "a library of rock that flows otherwise continued",
        "femcrust/greens/identity.py",
        "_short_digest(rock.elements, rock.moduli, rock.times)",
        "_short_digest(rock.elements, rock.moduli)",
        LIBRARY,
    ),
    Mutation(
        "slip that jumps where it should grow",
        "femcrust/greens/convolution.py",
        "(until[:, i] - until[:, i + 1]) / span",
        "weights[:, i + 1]",
        CONVOLVED,
    ),
    Mutation(
        "all slip so far taken for what was added",
        "femcrust/greens/convolution.py",
        "grown = np.diff(history, axis=0, prepend=0.0)",
        "grown = history",
        CONVOLVED,
    ),
    # slip inversion
    Mutation(
        "smoothing by the square of its weight",
        "femcrust/inversion/bounded.py",
        "normal[:m, :m] += weight * prior.precision",
        "normal[:m, :m] += weight**2 * prior.precision",
        WEIGHTS,
    ),
    Mutation(
        "the criterion without the determinant of the data",
        "femcrust/inversion/spectrum.py",
        "    log_det = 2.0 * float(np.log(np.diag(w)).sum())",
        "    log_det = 0.0",
        WEIGHTS,
    ),
    Mutation(
        "the criterion with singular values in place of their squares",
        "femcrust/inversion/weight.py",
        "np.log1p(found.singular**2 / weight)",
        "np.log1p(found.singular / weight)",
        WEIGHTS,
    ),
    Mutation(
        "numbers of one station left out apart by cross-validation",
        "femcrust/inversion/weight.py",
        "    fold = dealt[np.searchsorted(names, groups)]",
        "    fold = np.arange(len(groups)) % folds",
        WEIGHTS,
    ),
    Mutation(
        "slip not carried from frame to frame between neighbours",
        "femcrust/inversion/smoothing.py",
        "    return np.asarray(u @ vt)",
        "    return np.broadcast_to(np.eye(turn.shape[1]), turn.shape)",
        SMOOTHING,
    ),
    Mutation(
        "slip is zero a whole step beyond a closed edge",
        "femcrust/inversion/graph.py",
        "(length / reach)[free]",
        "(length / (2 * reach))[free]",
        SMOOTHING,
    ),
    Mutation(
        "a Matérn field that forgets over twice its range",
        "femcrust/inversion/smoothing.py",
        "kappa = np.sqrt(8.0) / reach",
        "kappa = np.sqrt(2.0) / reach",
        SMOOTHING,
    ),
    Mutation(
        "the spread of structures divided by their number",
        "femcrust/inversion/structures.py",
        "/ (len(designs) - 1)",
        "/ len(designs)",
        INVERSION,
    ),
    Mutation(
        "another structure's stations taken in their own order",
        "femcrust/inversion/library.py",
        "displacement=np.ascontiguousarray(other.displacement[:, :, order]),",
        "displacement=other.displacement,",
        INVERSION,
    ),
    Mutation(
        "true north turned the wrong way",
        "femcrust/inversion/observations.py",
        "return to_grid_north(vectors, angle)",
        "return to_true_north(vectors, angle)",
        INVERSION,
    ),
    Mutation(
        "centimetres of a table taken for decimetres",
        "femcrust/inversion/table.py",
        '"cm": 1e-2',
        '"cm": 1e-1',
        INVERSION,
    ),
    Mutation(
        "moment without the rigidity of each patch",
        "femcrust/inversion/measures.py",
        "strength = library.rigidity * library.area * rows",
        "strength = 32e9 * library.area * rows",
        INVERSION,
    ),
    Mutation(
        "slip across a rake reversed",
        "femcrust/inversion/design.py",
        "= -part[:, 1], part[:, 0]",
        "= part[:, 1], -part[:, 0]",
        INVERSION,
    ),
    Mutation(
        "posterior variance times the factor of errors in place of its square",
        "femcrust/inversion/estimate.py",
        "covariance=covariance * scale**2,",
        "covariance=covariance * scale,",
        KNOWN_SLIP,
    ),
    Mutation(
        "the digest of a packed file taken of the package",
        "femcrust/data/__init__.py",
        "            raw = gzip.decompress(raw)",
        "            gzip.decompress(raw)",
        ("tests/unit/test_data.py",),
    ),
)
