"""Peers that the benchmarks run beside the client."""
