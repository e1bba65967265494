"""The run engine: journal, executor, recovery, and what each verb does."""
