"""Each strategy only lists steps. Pure."""
