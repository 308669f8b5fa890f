"""General solvers behind one door each."""
