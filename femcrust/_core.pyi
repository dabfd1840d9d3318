"""Types of the compiled module; each backend is a submodule with the same names."""

from typing import Any

cpu: Any
has_cuda: bool
instruction_set: str
testing: Any

def threads() -> int: ...
def set_threads(n: int) -> None: ...
