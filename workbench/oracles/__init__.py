"""Two executables that say whether anything was lost. They ask the application and the cluster, never Changeover."""
