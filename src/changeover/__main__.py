"""``python -m changeover``."""

from changeover.cli.main import main

if __name__ == "__main__":
    main()
