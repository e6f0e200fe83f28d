"""What can be done beside `run`: each a module with one verb, which `forecast.pipeline` or a command calls.

The idea: before a run (`inspection`, `plans`, `checks`, `installation`), in its place (`trials`, `spread`, `whatif`
with its `covariate_plans`, `saved`), and after it (`comparison`, `hindsight`, `verification`). More series than memory
holds have a house of their own, `forecast.streaming`.
"""
