"""What is written to disk, so that nothing is lost, half-written or believed when damaged.

The idea: a folder is made aside and renamed when whole. `underway` is a run's folder until then, `request` what it was
asked for, `outcomes` what its tasks came to, `locks` who may write there, `journal` what was said meanwhile. `files`
are single files that commands write; `packing` and `archives` turn what a model learned into two of them.
"""
