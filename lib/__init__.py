"""Downhill: first-order optimization, from gradient descent to Adam and past it.

`optimizers` holds the rules, `surfaces` what they walk down, `descend` runs and records them, `plotting`
and `player` show them. `engine` turns a rule into something that steps.
"""

__version__ = "0.1.0"
