"""The series of releases, as KOTS packages, each exercising one fact from the history of the application it imitates."""
