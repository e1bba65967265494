"""RUN-INSTALLER: a Job of the package that installs the application itself, and what it leaves behind."""
