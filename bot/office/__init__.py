"""The office's board in the browser, under `/office`.

A room is a function from a `Visit` (who, when, what was asked, an open transaction) to what is
shown: a `Page`, a `Goto` or a `Download`. `access` lets people in and opens the transaction,
`routes` says which address leads to which room, `look` renders. No room knows HTTP.
"""
