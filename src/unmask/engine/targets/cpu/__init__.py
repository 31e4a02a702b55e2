"""Central processors: LLVM assembly over vectors of eight patients."""
