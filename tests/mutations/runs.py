"""Errors in checkpoints and ranks."""

from __future__ import annotations

from mutations.mutation import Mutation

STATE = ("tests/unit/test_flow_state.py",)
RESUME = ("tests/unit/test_resume.py",)
KILLS = ("tests/unit/test_kills.py",)
CHECKPOINT = ("tests/unit/test_checkpoint_file.py",)

RANKS = ("tests/unit/test_ranks.py",)
CLUSTERS = ("tests/unit/test_clusters.py",)
PIECES = ("tests/unit/test_pieces.py",)

RUNS = (
    # checkpoints
    Mutation(
        "rates of flow put where strains are",
        "csrc/timestepping/tet_flow.hpp",
        """  void set_state(FlowPart part, const double* in) {
    Array<double>& kept = part == FlowPart::strain ? v_ : rate_;""",
        """  void set_state(FlowPart, const double* in) {
    Array<double>& kept = v_;""",
        STATE,
    ),
    Mutation(
        "a state that a device lays out as it keeps it",
        "csrc/timestepping/tet_flow_cuda.hpp",
        "work(k * n + j, j * cells + k);",
        "work(k * n + j, k * n + j);",
        STATE,
    ),
    Mutation(
        "a predictor that forgets which increment was the last",
        "csrc/timestepping/predictor.hpp",
        "    last_slot_ = slot;\n  }\n  std::size_t pieces()",
        "  }\n  std::size_t pieces()",
        STATE,
    ),
    Mutation(
        "the matrix of a run that goes on made of present rates of creep",
        "femcrust/timestepping/problem.py",
        'self._relaxed(matrix["dt"], matrix["held"]())',
        'self._relaxed(matrix["dt"], self.flow.softness(matrix["dt"]))',
        RESUME,
    ),
    Mutation(
        "a run that goes on measures errors against the stress since then",
        "femcrust/timestepping/steps.py",
        'self.u, self.largest = read(state["u"]), state["largest"]',
        'self.u = read(state["u"])',
        RESUME,
    ),
    Mutation(
        "a checkpoint written over the newest one",
        "femcrust/checkpoint/generations.py",
        "self._next = 1 - NAMES.index(stored.path.name)",
        "self._next = NAMES.index(stored.path.name)",
        CHECKPOINT,
    ),
    Mutation(
        "a checkpoint written in place",
        "femcrust/checkpoint/generations.py",
        "        with replacing(path) as file:\n",
        '        with path.open("wb") as file:\n',
        (*CHECKPOINT, *KILLS),
    ),
    Mutation(
        "arrays of a checkpoint believed unseen",
        "femcrust/checkpoint/container.py",
        """                if digest.hexdigest() != wanted:
                    raise""",
        """                if False:
                    raise""",
        CHECKPOINT,
    ),
    # ranks
    Mutation(
        "nodes of two ranks counted twice in products",
        "csrc/operators/together.hpp",
        "sum[c] -= part[c];",
        "sum[c] -= 0 * part[c];",
        RANKS,
    ),
    Mutation(
        "edges that only one rank has, shared",
        "femcrust/ranks/borders.py",
        "some[np.isin(keys[some], np.frombuffer(came[rank], dtype=np.int64))]",
        "some",
        RANKS,
    ),
    Mutation(
        "forces of flow of one rank only",
        "femcrust/timestepping/flow.py",
        "return self._space.summed(np.asarray(self._linear.first(dt)))",
        "return np.asarray(self._linear.first(dt))",
        RANKS,
    ),
    Mutation(
        "the error of a step by one rank's rock",
        "femcrust/timestepping/flow.py",
        "error, stress = self._space.totals(norms.sum(axis=0))",
        "error, stress = norms.sum(axis=0)",
        RANKS,
    ),
    Mutation(
        "infinite elements of a face on two ranks",
        "femcrust/ranks/local.py",
        "return self._owners[id(one)] == rank",
        "return self._owners[id(one)] <= rank",
        RANKS,
    ),
    Mutation(
        "values at stations in the order of the ranks that have them",
        "femcrust/ranks/picked.py",
        "else put(sum(map(len, self._rows)), self._rows, found)",
        "else np.concatenate(found)",
        PIECES,
    ),
    Mutation(
        "a node of a split fault that only one rank writes",
        "femcrust/outputs/vtu.py",
        "own = space.owned()[split.original] | split.doubled[split.original]",
        "own = space.owned()[split.original]",
        PIECES,
    ),
    Mutation(
        "a vertex of several ranks missed where its first tetrahedron and another agree",
        "femcrust/ranks/borders.py",
        "several[mesh.tets[one[mesh.tets] != rank_of[:, None]]] = True",
        "several[mesh.tets[(one[mesh.tets] != rank_of[:, None]).all(axis=1)]] = True",
        RANKS,
    ),
    Mutation(
        "inner blocks before the border has been sent",
        "csrc/operators/element_blocks.hpp",
        "std::uint64_t used = (1ULL << border_colours) - 1;",
        "std::uint64_t used = 0;",
        RANKS,
    ),
    Mutation(
        "a residual restricted once for each rank that has a node",
        "csrc/aggregation/hierarchy.hpp",
        "transposed(without_rows(stage.prolongation, ghost))",
        "transposed(stage.prolongation)",
        RANKS,
    ),
    Mutation(
        "clusters without the surface stiffness that other ranks have",
        "csrc/preconditioners/bordered_body.hpp",
        "        if (!theirs(row) || !theirs(column)) return;\n",
        "        return;\n",
        CLUSTERS,
    ),
    Mutation(
        "clusters without the elements that other ranks have",
        "csrc/preconditioners/bordered_body.hpp",
        "      if (elements.empty()) continue;\n",
        "      continue;\n",
        CLUSTERS,
    ),
    Mutation(
        "what a cluster finds not told to other ranks",
        "csrc/preconditioners/clusters.hpp",
        "clustered[place] = 1;",
        "clustered[place] = 0;",
        RANKS,
    ),
)
