"""The quarterly form: its measures and rules, and how its rows are typed, pasted and sent."""
