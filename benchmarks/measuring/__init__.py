"""What `benchmarks/accuracy.py` measures with: sets, forecasts that are kept, scores, figures of others, made panels.

The idea: a set becomes cases, a case becomes pieces of work, and a piece is a function of its contents alone, so that
its forecasts can be kept under the hash of these contents.
"""
