"""What is wrong with the data and how to repair it.

The idea: a finding is found once, before any model is fitted, and says what to type; one bad series never stops the
others.
"""

from __future__ import annotations

from forecast.doctor.checkup import Checkup, examine
from forecast.doctor.findings import Finding, from_error, from_notice
from forecast.doctor.gaps import fillable
from forecast.doctor.repairs import command, placed, visit

__all__ = ["Checkup", "Finding", "command", "examine", "fillable", "from_error", "from_notice", "placed", "visit"]
