"""Holds the product against what the reference implementations answered: folders of recorded cases, one judge each.

`python -m tools.conformance DIR` judges every folder in DIR whose shape is known (or DIR itself, when it is one);
`cases.every(DIR)` gives the same cases to the test suite, so that each comparison exists once.
"""
