"""Book generator, instance families and benchmarks."""
