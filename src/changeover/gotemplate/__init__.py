"""The template language of Go and Sprig, with KOTS's delimiters. Pure."""
