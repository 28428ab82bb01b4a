"""What a project's definitions refer to, and whether it is there and fits: a tree of checks, judged without asking.

`trees` makes the tree of a `scenes.Scene`; each `checks.Check` names what it reads (`reads`) and judges the answers.
Whoever asks AWS and registries (`engine.verifying`) knows nothing of what is right.
"""
