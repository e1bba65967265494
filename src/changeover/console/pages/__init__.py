"""One file per page: what it reads, which template it fills, and what its forms do."""
