"""What each verb does, one file per verb; `table.py` maps verbs to acts."""
