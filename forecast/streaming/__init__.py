"""More series than memory holds: a folder of Parquet files in, another one out, some series at a time.

The idea: a sample of the series teaches, and its lesson is put to work on all the others. `parquet_folders` says which
series are the sample and which are a chunk, and writes parts aside; `alike` reads a chunk as the sample was read;
`taught` are models at work on it. `learned` is the sample's lesson for the future, `learned_windows` the one at every
cutoff of a backtest, whose scores `tally` adds up. `by_chunks` goes the whole way, and is what the verbs call.
"""
