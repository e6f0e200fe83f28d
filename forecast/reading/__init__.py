"""From a file to series on a regular grid: what `forecast.series`, the one door, is made of.

The idea: each step takes one doubt away and hands on something simpler. A name becomes bytes (`sources`), bytes a table
(`readers`: `formats`, `delimited`, `bulk` over `plain` in `stretches`, `workbooks`) of rows that know their line
(`table`), columns get their roles (`roles`, `layouts`), cells become times (`times`, `forms`, `zones`) and numbers
(`values`), and rows are sorted (`rows`) and find their place on the grid (`resampling`, `duplicates`, `placing`,
`covariate_rows`). `columns` takes the steps from a table to rows, `doubts` are said at the end, and `parts` is for more
files than memory holds.
"""
