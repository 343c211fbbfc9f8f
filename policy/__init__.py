"""What the notice says: clauses, answers, rules, the report form and its dates.

Pure: reads its own packaged files, has no clock, imports neither `bot` nor `storage`.
"""
