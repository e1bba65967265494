"""One file per thing a person does; CLI and console call only these."""
