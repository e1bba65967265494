"""A template engine after Go's text/template, with Sprig's functions. Pure."""
